"""The small programs that units and udev start, run natively on folders."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PROGRAMS = Path(__file__).resolve().parents[3] / "image/files/usr/lib/node"
GENERATOR = PROGRAMS.parent / "systemd/system-generators/node-installed"
UUID = "11111111-2222-4333-8444-aaaaaaaaaaaa"


def run(
    program: str, *arguments: str, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run one of our programs with these variables."""
    # A program that is broken writes where it stands: not into the sources.
    with TemporaryDirectory() as elsewhere:
        return subprocess.run(
            ["dash", str(PROGRAMS / program), *arguments], cwd=elsewhere,
            env=os.environ | environment, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip


def stub(folder: Path, name: str, script: str) -> str:
    """Make a program and return a PATH that finds it first."""
    (folder / "bin").mkdir(exist_ok=True)
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"{folder}/bin:{os.environ['PATH']}"


class Disks:
    """Two disks with a node's partitions, as /sys has them; blkid knows their ids."""

    def __init__(self, folder: Path, names: tuple[str, str], *, clone: bool = False) -> None:
        self.folder = folder
        self.names = names
        (folder / "run").mkdir()
        (folder / "cmdline").write_text(f"quiet root=PARTUUID={UUID.upper()} rauc.slot=A\n")
        labels = ["ESP", "BIOS", "Root-A", "Root-B", "Config", "Logging", "Swap", "Data", "Else"]
        for name in names:
            for number, label in enumerate(labels, 1):
                part = self.partition(name, number)
                part.mkdir(parents=True)
                (part / "partition").write_text(f"{number}\n")
                (part / "uevent").write_text(
                    f"DEVNAME={part.name}\nDEVTYPE=partition\nPARTN={number}\nPARTNAME={label}\n"
                )
        owners = names if clone else names[:1]
        slots = "|".join(f"*/{self.partition(name, 3).name}" for name in owners)
        answer = f"case $last in {slots}) echo {UUID};; *) echo x;; esac"
        self.path = stub(folder, "blkid", f'for last in "$@"; do :; done; {answer}')

    def partition(self, disk: str, number: int) -> Path:
        joint = "p" if disk[-1].isdigit() else ""
        return self.folder / f"sys/devices/pci/block/{disk}/{disk}{joint}{number}"

    def role(self, disk: str, number: int) -> str:
        """Return what udev would import for this partition."""
        devpath = "/" + str(self.partition(disk, number).relative_to(self.folder / "sys"))
        done = run("partition-role", devpath, environment={
            "PATH": self.path, "SYS": f"{self.folder}/sys", "DEV": "/dev",
            "RUN": f"{self.folder}/run", "PROC_CMDLINE": f"{self.folder}/cmdline",
        })  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()


@pytest.mark.parametrize("names", [("sda", "sdb"), ("nvme0n1", "nvme1n1"), ("mmcblk0", "vda")])
def test_roles_are_given_on_the_disk_of_the_root_only(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    disks = Disks(tmp_path, names)
    roles = [disks.role(names[0], number) for number in range(1, 10)]
    words = ["esp", "bios", "slot-a", "slot-b", "config", "logging", "swap", "data"]
    assert roles == [f"NODE_ROLE={word}" for word in words] + [""]
    assert [disks.role(names[1], number) for number in range(1, 10)] == [""] * 9


def test_without_swap_data_is_number_seven(tmp_path: Path) -> None:
    disks = Disks(tmp_path, ("sda", "sdb"))
    uevent = disks.partition("sda", 7) / "uevent"
    uevent.write_text(uevent.read_text().replace("Swap", "Data"))
    assert disks.role("sda", 7) == "NODE_ROLE=data"


def test_no_table_is_probed_once_the_disk_is_known(tmp_path: Path) -> None:
    disks = Disks(tmp_path, ("sda", "sdb"))
    disks.path = stub(tmp_path, "blkid", f"touch {tmp_path}/probed")
    assert disks.role("sda", 5) == ""
    (tmp_path / "probed").unlink()
    (tmp_path / "run/boot-disk").write_text("sda\n")
    assert (disks.role("sda", 5), disks.role("sdb", 5)) == ("NODE_ROLE=config", "")
    assert not (tmp_path / "probed").exists()


def test_a_clone_plugged_in_later_gets_no_links(tmp_path: Path) -> None:
    disks = Disks(tmp_path, ("sda", "sdb"), clone=True)
    (tmp_path / "run/boot-disk").write_text("sda\n")
    assert disks.role("sda", 5) == "NODE_ROLE=config"
    assert disks.role("sdb", 5) == ""


@pytest.mark.parametrize("line", ["quiet", "root=/dev/sda3", "node.bundle=LABEL=NODE:/node.raucb"])
def test_a_live_node_has_no_roles(tmp_path: Path, line: str) -> None:
    disks = Disks(tmp_path, ("sda", "sdb"))
    (tmp_path / "cmdline").write_text(f"{line}\n")
    assert disks.role("sda", 5) == ""


def libvirt(folder: Path) -> dict[str, str]:
    """What the image has for libvirt."""
    (folder / "root/var/lib/libvirt/qemu").mkdir(parents=True)
    (folder / "root/var/lib/libvirt/qemu").chmod(0o750)
    (folder / "root/etc/libvirt/qemu/networks").mkdir(parents=True)
    (folder / "root/etc/libvirt/qemu/networks/default.xml").write_text("<network/>")
    (folder / "data").mkdir()
    return {"DATA": f"{folder}/data", "ROOT": f"{folder}/root"}


def test_data_folders_begin_as_the_image_has_them(tmp_path: Path) -> None:
    done = run("data-folders", environment=libvirt(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "data/libvirt/qemu/networks/default.xml").read_text() == "<network/>"
    assert (tmp_path / "data/libvirt/lib/qemu").stat().st_mode & 0o777 == 0o750


def test_data_folders_are_made_once_and_whole(tmp_path: Path) -> None:
    environment = libvirt(tmp_path)
    half = tmp_path / "data/libvirt/lib.new/half"
    half.mkdir(parents=True)
    (tmp_path / "data/libvirt/qemu").mkdir()
    (tmp_path / "data/libvirt/qemu/guest.xml").write_text("<domain/>")
    assert run("data-folders", environment=environment).returncode == 0
    names = [path.name for path in (tmp_path / "data/libvirt/qemu").iterdir()]
    assert names == ["guest.xml"]
    assert not (tmp_path / "data/libvirt/lib/half").exists()
    assert (tmp_path / "data/libvirt/lib/qemu").is_dir()


def generated(folder: Path) -> list[str]:
    """Run the generator on ``folder`` and return what it made, by path."""
    (folder / "run").mkdir(exist_ok=True)
    (folder / "made").mkdir()
    environment = os.environ | {"RUN": f"{folder}/run", "ROOT": f"{folder}/root"}
    argv = ["dash", str(GENERATOR), f"{folder}/made"]
    subprocess.run(argv, env=environment, check=True, timeout=30)
    return sorted(
        str(path.relative_to(folder / "made"))
        for path in (folder / "made").rglob("*")
        if path.is_symlink()
    )


@pytest.fixture
def units(tmp_path: Path) -> Path:
    shutil.copytree(PROGRAMS / "installed", tmp_path / "root/usr/lib/node/installed")
    return tmp_path


def test_a_live_node_gets_no_unit_of_a_partition(units: Path) -> None:
    assert generated(units) == []


@pytest.mark.parametrize("libvirt", [True, False])
def test_an_installed_node_gets_its_partitions(units: Path, libvirt: bool) -> None:  # noqa: FBT001
    (units / "run").mkdir()
    (units / "run/installed").write_text("")
    if libvirt:
        (units / "root/usr/sbin").mkdir()
        (units / "root/usr/sbin/libvirtd").write_text("")
        (units / "root/usr/sbin/libvirtd").chmod(0o755)
    made = generated(units)
    wanted = [name for name in made if name.startswith("local-fs.target.wants/")]
    binds = ["etc-libvirt-qemu.mount", "var-lib-libvirt.mount"] if libvirt else []
    names = sorted([*binds, "data.mount", "var-log.mount"])
    assert wanted == [f"local-fs.target.wants/{name}" for name in names]
    assert {"config.mount", "data.mount", "dev-node-swap.swap"} <= set(made)


@pytest.mark.parametrize("code", [0, 3])
def test_an_installation_is_told_on_serial_lines_only(tmp_path: Path, code: int) -> None:
    (tmp_path / "active").write_text("tty0 ttyS0 hvc0 gone\n")
    for name in ("tty0", "ttyS0", "hvc0"):
        (tmp_path / name).write_text("")
    path = stub(tmp_path, "nodectl", f'echo "$@"; echo refused >&2; exit {code}')
    environment = {"PATH": path, "CONSOLES": f"{tmp_path}/active", "DEV": str(tmp_path)}
    done = run("install-unattended", environment=environment)
    assert (done.returncode, done.stdout) == (code, "install --unattended\nrefused\n")
    assert (tmp_path / "tty0").read_text() == ""
    shown = b"install --unattended\r\nrefused\r\n"
    assert (tmp_path / "ttyS0").read_bytes() == (tmp_path / "hvc0").read_bytes() == shown


def test_a_terminal_that_takes_nothing_does_not_hold_an_installation_up(tmp_path: Path) -> None:
    (tmp_path / "active").write_text("ttyS0 ttyS1\n")
    # Nobody reads the pipe: opening it for writing waits for ever, as a line without carrier does.
    os.mkfifo(tmp_path / "ttyS0")
    (tmp_path / "ttyS1").write_text("")
    path = stub(tmp_path, "nodectl", "seq 5000")
    environment = {
        "PATH": path, "CONSOLES": f"{tmp_path}/active", "DEV": str(tmp_path), "PATIENCE": "1",
    }  # fmt: skip
    started = time.monotonic()
    done = run("install-unattended", environment=environment)
    assert done.returncode == 0
    assert time.monotonic() - started < 6
    assert (tmp_path / "ttyS1").read_bytes().splitlines()[-1] == b"5000"


def test_an_installation_goes_on_without_a_place_for_its_pipes(tmp_path: Path) -> None:
    (tmp_path / "active").write_text("ttyS0\n")
    (tmp_path / "ttyS0").write_text("")
    path = stub(tmp_path, "nodectl", 'echo "$@"; exit 7')
    environment = {
        "PATH": path, "CONSOLES": f"{tmp_path}/active", "DEV": str(tmp_path),
        "TMPDIR": str(tmp_path / "missing"),
    }  # fmt: skip
    started = time.monotonic()
    done = run("install-unattended", environment=environment)
    assert (done.returncode, done.stdout) == (7, "install --unattended\n")
    # Nobody waits the 20 s for a writer whose pipe was never made.
    assert time.monotonic() - started < 15


def test_a_getty_that_takes_the_line_over_ends_no_report(tmp_path: Path) -> None:
    line = tmp_path / "ttyS0"
    (tmp_path / "active").write_text("ttyS0\n")
    line.write_text("")
    # What has the line open is hung up: here the file behind its name is another one from then on.
    told = f"until grep -q one {line}; do sleep 0.1; done"
    path = stub(tmp_path, "nodectl", f"echo one; {told}; rm {line}; : >{line}; echo two")
    environment = {"PATH": path, "CONSOLES": f"{tmp_path}/active", "DEV": str(tmp_path)}
    assert run("install-unattended", environment=environment).returncode == 0
    assert line.read_bytes() == b"two\r\n"


@pytest.mark.parametrize(
    ("memory", "kept", "then"),
    [(1_983_988, 45_056, 15_499), (16_303_000, 67_584, 67_584), (1_983_988, 5_632, 5_632)],
    ids=["small", "large", "already less"],
)
def test_a_small_machine_keeps_less_memory_free(
    tmp_path: Path, memory: int, kept: int, then: int
) -> None:
    limit = tmp_path / "sys/vm/min_free_kbytes"
    limit.parent.mkdir(parents=True)
    limit.write_text(f"{kept}\n")
    (tmp_path / "meminfo").write_text(f"MemTotal: {memory} kB\nMemFree: 1603796 kB\n")
    assert run("memory-reserve", environment={"PROC": str(tmp_path)}).returncode == 0
    assert int(limit.read_text()) == then
