"""Restore before switch-root: it brings back what it can, says what it cannot, and never fails."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kickstart.arguments import Arguments
from node_tui import render as rendering
from node_tui import restore as restoring
from node_tui.rendered import write_file
from node_tui.restore import restore
from node_tui.system.health_restore import RestoreReport
from persist.store import StoredFile, save_generation
from persist.toml import load_config

HASH = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$" + "X" * 43
SHADOW = "root:*:1:0:99999:7:::\nnew-daemon:!:1::::::\nadmin:!:1:0:99999:7:::\n"
HOST_KEY = StoredFile(path="/etc/ssh/ssh_host_ed25519_key", content=b"key", mode=0o600)

Boot = Callable[..., dict[str, Any]]


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    """Return a function that boots a root: it restores and returns the report."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").write_text(SHADOW)
    (tmp_path / "etc/shadow").chmod(0o640)
    (tmp_path / "proc").mkdir()
    (tmp_path / "run/node").mkdir(parents=True)
    (tmp_path / "config").mkdir()

    def start(command_line: str, mode: str = "live", slot: str | None = None) -> dict[str, Any]:
        (tmp_path / "proc/cmdline").write_text(f"{command_line}\n")
        record = {"mode": mode, "slot": slot, "config": "ok" if slot else "absent"}
        (tmp_path / "run/node/boot.json").write_text(json.dumps(record))
        (tmp_path / "run/node/unattended").unlink(missing_ok=True)
        assert restore(tmp_path) == 0
        report: dict[str, Any] = json.loads((tmp_path / "run/node/restore.json").read_text())
        return report

    return start


def _shadow_hash(root: Path, name: str) -> str:
    lines = (root / "etc/shadow").read_text().splitlines()
    return next(line.split(":")[1] for line in lines if line.startswith(f"{name}:"))


def test_a_live_boot_without_arguments(tmp_path: Path, boot: Boot) -> None:
    report = boot("quiet node.bundle=LABEL=NODE:/node.raucb")
    assert (report["errors"], report["problems"], report["unattended"]) == ([], [], False)
    assert not (tmp_path / "run/node/unattended").exists()
    assert (tmp_path / "etc/ssh/sshd_not_to_be_run").exists()
    assert _shadow_hash(tmp_path, "admin") == "*"
    assert _shadow_hash(tmp_path, "root") == "!*"
    assert "new-daemon:!:1::::::" in (tmp_path / "etc/shadow").read_text()
    assert (tmp_path / "etc/localtime").readlink() == Path("/usr/share/zoneinfo/UTC")


def test_an_unattended_request(tmp_path: Path, boot: Boot) -> None:
    report = boot(f"storage_init=/dev/vda BOOTIF=link adminpw={HASH} hostname=n1 console=ttyS0")
    assert report["unattended"]
    assert (tmp_path / "run/node/unattended").exists()
    assert (tmp_path / "etc/hostname").read_text() == "n1\n"
    assert _shadow_hash(tmp_path, "admin") == HASH
    config = load_config((tmp_path / "run/node/config.toml").read_text())
    assert config.install.disk == ("/dev/vda",)
    assert report["provenance"]["network.links"] == "argument BOOTIF"


def test_a_wrong_argument_installs_nothing_and_keeps_the_password(
    tmp_path: Path, boot: Boot, capsys: pytest.CaptureFixture[str]
) -> None:
    report = boot(f"storage_init=/dev/vda adminpw={HASH} ntp=ntp..example gateway=192.0.2.1")
    assert not report["unattended"]
    assert not (tmp_path / "run/node/unattended").exists()
    assert [error["path"] for error in report["errors"]] == ["gateway", "time.ntp.0"]
    assert "from argument ntp" in report["errors"][1]["message"]
    assert "time.ntp.0: 'ntp..example' is not a host name" in capsys.readouterr().err
    assert _shadow_hash(tmp_path, "admin") == HASH


def test_stateless_installs_nothing(boot: Boot) -> None:
    report = boot("storage_init=/dev/vda stateless", mode="stateless")
    assert (report["unattended"], report["stateless"]) == (False, True)


def test_an_installed_boot_brings_back_what_was_saved(tmp_path: Path, boot: Boot) -> None:
    toml = 'version = 1\n[identity]\nhostname = "saved"\n'
    save_generation(tmp_path / "config", "A", toml, [HOST_KEY])
    report = boot("rauc.slot=A quiet", mode="installed", slot="A")
    assert report["generation"] == 1
    assert (tmp_path / "etc/hostname").read_text() == "saved\n"
    assert (tmp_path / "etc/ssh/ssh_host_ed25519_key").read_bytes() == b"key"
    assert report["provenance"] == {"version": "saved", "identity.hostname": "saved"}


def test_an_installed_node_booted_with_the_install_arguments_installs_nothing(
    tmp_path: Path, boot: Boot
) -> None:
    save_generation(tmp_path / "config", "A", "version = 1\n")
    assert not boot("storage_init=/dev/vda", mode="installed", slot="A")["unattended"]


@pytest.mark.parametrize("damage", ["torn", "newer", "nonsense"])
def test_an_unusable_generation_is_skipped_loudly(
    tmp_path: Path, boot: Boot, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    config = tmp_path / "config"
    save_generation(config, "A", 'version = 1\n[identity]\nhostname = "old"\n')
    texts = {"torn": "version = 1\n", "newer": "version = 99\n", "nonsense": "[["}
    save_generation(config, "A", texts[damage])
    newest = config / "a/000002.tar"
    if damage == "torn":
        newest.write_bytes(newest.read_bytes()[:-1])
    report = boot("rauc.slot=A", mode="installed", slot="A")
    assert report["generation"] == 1
    assert (tmp_path / "etc/hostname").read_text() == "old\n"
    assert len(report["skipped"]) == 1
    assert "000002.tar is not used" in report["skipped"][0]
    assert "000002.tar is not used" in capsys.readouterr().err


def test_with_nothing_left_the_defaults_boot(tmp_path: Path, boot: Boot) -> None:
    (tmp_path / "config/a").mkdir()
    (tmp_path / "config/a/000001.tar").write_bytes(b"garbage")
    report = boot("rauc.slot=A", mode="installed", slot="A")
    assert report["generation"] is None
    assert "nothing is remembered: this boot uses the image's defaults" in report["problems"]
    assert (tmp_path / "etc/nftables.conf").exists()


def test_a_slot_without_a_line_takes_that_of_the_other(tmp_path: Path, boot: Boot) -> None:
    save_generation(tmp_path / "config", "A", 'version = 1\n[identity]\nhostname = "of-a"\n')
    assert boot("rauc.slot=B", mode="installed", slot="B")["generation"] == 1
    assert (tmp_path / "etc/hostname").read_text() == "of-a\n"


def test_wrong_arguments_leave_the_saved_config(tmp_path: Path, boot: Boot) -> None:
    save_generation(tmp_path / "config", "A", 'version = 1\n[identity]\nhostname = "saved"\n')
    report = boot("hostname=-x", mode="installed", slot="A")
    assert (tmp_path / "etc/hostname").read_text() == "saved\n"
    assert [error["path"] for error in report["errors"]] == ["identity.hostname"]


def test_one_bad_credential_does_not_drop_the_others(tmp_path: Path, boot: Boot) -> None:
    report = boot(f"adminpw={HASH} node.security.authorized_keys.0=cut node.ssh.password_login")
    assert _shadow_hash(tmp_path, "admin") == HASH
    assert report["ssh"]
    assert [error["path"] for error in report["errors"]] == ["security.authorized_keys.0"]


def test_a_quote_that_is_never_closed_does_not_drop_the_password(
    tmp_path: Path, boot: Boot
) -> None:
    report = boot(f'storage_init hostname="n1 adminpw={HASH}')
    assert _shadow_hash(tmp_path, "admin") == HASH
    assert not report["unattended"]
    assert [error["path"] for error in report["errors"]] == ["hostname"]


@pytest.mark.parametrize("part", ["read_generation", "merge_config"])
def test_a_fault_of_our_own_still_renders_the_defaults(
    tmp_path: Path, boot: Boot, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    save_generation(tmp_path / "config", "A", "version = 1\n")
    real = getattr(restoring, part)
    calls = iter([real] if part == "merge_config" else [])

    def fail(*arguments: Any) -> Any:
        return next(calls)(*arguments) if arguments == (None, Arguments()) else 1 / 0

    monkeypatch.setattr(restoring, part, fail)
    report = boot("rauc.slot=A", mode="installed", slot="A")
    assert any("ZeroDivisionError" in problem for problem in report["problems"])
    assert (tmp_path / "etc/nftables.conf").exists()
    profiles = tmp_path / "etc/NetworkManager/system-connections"
    assert [path.name for path in profiles.iterdir()] == ["uplink.nmconnection"]


def test_beside_a_wrong_argument_only_credentials_count(tmp_path: Path, boot: Boot) -> None:
    boot(f"hostname=n1 ntp=ntp..example adminpw={HASH}")
    assert (tmp_path / "etc/hostname").read_text() == ""
    assert _shadow_hash(tmp_path, "admin") == HASH


def test_a_password_that_must_be_changed(tmp_path: Path, boot: Boot) -> None:
    boot(f"adminpw={HASH} node.security.expire_admin_password")
    assert f"admin:{HASH}:0:0:" in (tmp_path / "etc/shadow").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_shadow_keeps_its_owner(tmp_path: Path, boot: Boot) -> None:
    os.chown(tmp_path / "etc/shadow", 0, 42)
    boot(f"adminpw={HASH}")
    assert (tmp_path / "etc/shadow").stat().st_gid == 42


def test_a_file_is_closed_to_others_from_its_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    (tmp_path / ".x.new").write_text("left behind by a cut")
    monkeypatch.setattr(
        os, "fchmod", lambda descriptor, _mode: seen.append(os.fstat(descriptor).st_mode & 0o777)
    )
    write_file(tmp_path / "x", b"secret", 0o644)
    assert seen == [0o600]
    assert (tmp_path / "x").read_bytes() == b"secret"


@pytest.mark.parametrize("word", [b"node.\xff=1", b"x\xff=y", b"hostname=\xff", b"ntp=a\x1b[2Jb"])
def test_bytes_that_are_no_text_are_told_in_a_report_that_can_be_read(
    tmp_path: Path, boot: Boot, capsys: pytest.CaptureFixture[str], word: bytes
) -> None:
    boot("quiet")
    (tmp_path / "proc/cmdline").write_bytes(b"storage_init " + word + b"\n")
    assert restore(tmp_path) == 0
    content = (tmp_path / "run/node/restore.json").read_bytes()
    assert len(msgspec.json.decode(content, type=RestoreReport).errors) == 1
    assert "\x1b" not in capsys.readouterr().err
    assert not (tmp_path / "run/node/unattended").exists()


def test_when_rendering_fails_the_restored_files_stand(
    tmp_path: Path, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_generation(tmp_path / "config", "A", "version = 1\n", [HOST_KEY])

    def fail(_config: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(rendering, "render", fail)
    report = boot("rauc.slot=A", mode="installed", slot="A")
    assert report["problems"] == ["rendering the config: RuntimeError"]
    assert (tmp_path / "etc/ssh/ssh_host_ed25519_key").exists()


def test_one_file_that_cannot_be_written_does_not_keep_the_others(
    tmp_path: Path, boot: Boot
) -> None:
    (tmp_path / "etc/hosts").mkdir()
    report = boot("hostname=n1")
    assert [problem.split(":")[0] for problem in report["problems"]] == ["/etc/hosts"]
    assert (tmp_path / "etc/hostname").read_text() == "n1\n"
    assert (tmp_path / "etc/nftables.conf").exists()


@pytest.mark.parametrize("missing", ["proc/cmdline", "run/node/boot.json", "etc/shadow"])
def test_whatever_is_missing_it_ends_well(tmp_path: Path, boot: Boot, missing: str) -> None:
    boot("quiet")
    (tmp_path / missing).unlink()
    assert restore(tmp_path) == 0
    assert (tmp_path / "run/node/restore.json").exists()


def test_no_secret_is_readable_by_others(tmp_path: Path, boot: Boot) -> None:
    boot(f"storage_init adminpw={HASH}")
    open_files = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & stat.S_IROTH
    ]
    leaking = [path for path in open_files if HASH.encode() in path.read_bytes()]
    assert leaking == [tmp_path / "proc/cmdline"]
    assert (tmp_path / "run/node/config.toml").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "etc/shadow").stat().st_mode & 0o777 == 0o640


def test_booting_twice_changes_nothing(tmp_path: Path, boot: Boot) -> None:
    def contents() -> dict[Path, bytes | str]:
        return {
            path: str(path.readlink()) if path.is_symlink() else path.read_bytes()
            for path in (tmp_path / "etc").rglob("*")
            if path.is_symlink() or path.is_file()
        }

    boot(f"adminpw={HASH} ssh_pwauth=1")
    before = contents()
    boot(f"adminpw={HASH} ssh_pwauth=1")
    assert contents() == before


def test_closing_ssh_again_takes_the_link_away(tmp_path: Path, boot: Boot) -> None:
    wanted = tmp_path / "etc/systemd/system/multi-user.target.wants/ssh.service"
    boot(f"adminpw={HASH} ssh_pwauth=1")
    assert wanted.is_symlink()
    assert not (tmp_path / "etc/ssh/sshd_not_to_be_run").exists()
    boot("quiet")
    assert not wanted.is_symlink()
    assert (tmp_path / "etc/ssh/sshd_not_to_be_run").exists()


def test_templates_are_loaded_only_when_something_is_rendered() -> None:
    probe = "import node_tui.restore, sys; print('jinja2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", probe],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ},
    )
    assert done.stdout.strip() == "False"
