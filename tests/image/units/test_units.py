"""What can be said of the units without starting them; the container tier starts them."""

import configparser
import os
from fnmatch import fnmatch
from pathlib import Path

import pytest

IMAGE = Path(__file__).resolve().parents[3] / "image"
UNITS = IMAGE / "units"
FILES = IMAGE / "files"
INSTALLED = FILES / "usr/lib/node/installed"
PRESET = FILES / "usr/lib/systemd/system-preset/00-node.preset"
# Made by the builder, or by Debian's packages.
FROM_ELSEWHERE = (
    "/usr/bin/nodectl",
    "/usr/bin/node-tui",
    "/usr/bin/install",
    "/usr/bin/loadkeys",
    "/usr/bin/sleep",
)


def unit_files() -> list[Path]:
    """Return our units and drop-ins."""
    found = [path for folder in (UNITS, INSTALLED) for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in found if path.suffix != ".md")


def lines(path: Path, key: str) -> list[str]:
    """Return the values of ``key`` in their order."""
    found = (line.partition("=") for line in path.read_text().splitlines())
    return [value for name, _, value in found if name == key]


def names() -> list[str]:
    return [path.name for path in unit_files() if path.parent == UNITS]


def test_there_are_units() -> None:
    assert {"node-engine.service", "node-console@.service"} <= set(names())
    assert (INSTALLED / "data.mount").is_file()


@pytest.mark.parametrize("path", unit_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_programs_exist(path: Path) -> None:
    for value in [*lines(path, "ExecStart"), *lines(path, "ExecReload")]:
        program = value.split(" ")[0]
        if program and program not in FROM_ELSEWHERE:
            assert os.access(FILES / program[1:], os.X_OK), f"{path.name}: {program}"
        assert "sh -c" not in value, f"{path.name} builds a command for a shell"


@pytest.mark.parametrize("path", unit_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_one_shots_end(path: Path) -> None:
    """What runs at boot and may hang has a limit; a oneshot of systemd has none by itself."""
    if "oneshot" in lines(path, "Type"):
        assert lines(path, "TimeoutStartSec"), f"{path.name} could hang the boot"


def test_units_to_install_are_enabled_by_the_preset() -> None:
    text = [line for line in PRESET.read_text().splitlines() if not line.startswith("#")]
    rules = [line.split()[:2] for line in text if line]
    assert rules[-1] == ["disable", "*"]
    for path in unit_files():
        if "[Install]" in path.read_text():
            verb = next(verb for verb, pattern in rules if fnmatch(path.name, pattern))
            assert verb == "enable", path.name


def test_mounts_bear_the_name_of_their_place() -> None:
    for path in INSTALLED.glob("*.mount"):
        (where,) = lines(path, "Where")
        assert where.strip("/").replace("/", "-") == path.stem


def test_a_live_node_has_no_unit_of_a_partition() -> None:
    """A condition would not do: the unit still waits for the device that it names."""
    for path in unit_files():
        assert path.parent == INSTALLED or "/dev/node" not in path.read_text(), path.name


def test_nothing_but_the_root_is_required() -> None:
    """A missing partition must not end in repair: wanted, never required, by local-fs.target."""
    for path in unit_files():
        assert "local-fs.target" not in lines(path, "RequiredBy"), path.name


def test_an_identity_that_cannot_be_kept_closes_no_door() -> None:
    path = UNITS / "ssh.service.d/10-node.conf"
    assert lines(path, "Wants") == lines(path, "After") == ["node-identity.service"]
    assert lines(path, "Requires") == []


def test_masks_are_links() -> None:
    """Nothing of ours is an empty file, which systemd takes for a mask without saying so."""
    for path in (FILES / "etc/systemd").rglob("*"):
        if path.is_symlink() or path.is_file():
            assert path.is_symlink(), path
            target = str(path.readlink())
            known = target == "/dev/null" or (UNITS / Path(target).name).is_file()
            assert known, f"{path} leads to {target}"


@pytest.mark.parametrize("target", ["emergency.target", "rescue.target"])
def test_repair_stands_for_the_shells_of_systemd(target: str) -> None:
    assert (FILES / "etc/systemd/system" / target).readlink().name == "node-repair.target"
    service = FILES / "etc/systemd/system" / target.replace("target", "service")
    assert str(service.readlink()) == "/dev/null"


def test_the_sockets_decide_roles() -> None:
    for role in ("viewer", "operator", "admin"):
        path = UNITS / f"node-engine-{role}.socket"
        assert lines(path, "ListenStream") == [f"/run/node/{role}.sock"]
        assert lines(path, "FileDescriptorName") == [role]
        assert lines(path, "SocketGroup") == [f"node-{role}"]
        assert lines(path, "SocketMode") == ["0660"]


def test_tmux_has_no_key_of_its_own() -> None:
    text = (FILES / "usr/lib/node/tmux.conf").read_text()
    assert "set-option -g prefix None" in text
    for table in ("prefix", "root", "copy-mode", "copy-mode-vi"):
        assert f"unbind-key -a -T {table}\n" in text


def test_rauc_knows_both_slots() -> None:
    parser = configparser.ConfigParser()
    parser.read(FILES / "etc/rauc/system.conf")
    assert parser["system"]["activate-installed"] == "false"
    assert parser["system"]["bundle-formats"] == "verity"
    slots = {parser[name]["bootname"]: parser[name]["device"] for name in parser if "slot" in name}
    assert slots == {"A": "/dev/node/slot-a", "B": "/dev/node/slot-b"}


def test_passwords_are_never_empty() -> None:
    assert "nullok" not in (FILES / "etc/pam.d/node").read_text()


def test_sysrq_is_sync_remount_and_reboot() -> None:
    text = (FILES / "usr/lib/sysctl.d/60-node.conf").read_text()
    assert f"kernel.sysrq = {16 | 32 | 128}\n" in text
