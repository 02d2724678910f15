"""Installing on real block devices with the image's own tools; only RAUC is stood in for."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from node_tui.plan.layout import ORDER_WITH_SWAP
from node_tui.system.gpt import read_table
from tests.conftest import ROOT, lacks

pytestmark = pytest.mark.container
SCRIPT = Path(__file__).with_name("inside") / "install_disk.py"
# The image's tools over this working tree's code; the image itself is only a lower layer.
ENTER = """
set -e
mount -t tmpfs tmpfs "$SCRATCH"
mkdir "$SCRATCH/upper" "$SCRATCH/work" "$SCRATCH/root"
mount -t overlay overlay -o "lowerdir=$ROOTFS,upperdir=$SCRATCH/upper,workdir=$SCRATCH/work" \
    "$SCRATCH/root"
cd "$SCRATCH/root"
mkdir -p dev proc sys run tmp mnt
mount --rbind /dev dev
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs tmpfs run
mkdir -p run/source run/given
mount --bind "$SOURCE" run/source
mount --bind "$GIVEN" run/given
exec chroot . /usr/bin/env PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/run/source:/usr/lib/node/python:/run/given/python \
    /usr/bin/python3 /run/source/tests/container/inside/install_disk.py
"""
GIB = 2**30
Install = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A squashfs that holds what a root image must hold to be started."""
    if shutil.which("mksquashfs") is None:
        lacks("mksquashfs is missing; apt-get install squashfs-tools")
    folder = tmp_path_factory.mktemp("image")
    tree = folder / "tree"
    for name, content in {
        "boot/vmlinuz": b"kernel" * 1000,
        "boot/initrd.img": b"initrd" * 1000,
        "boot/node.cfg": b"set args='quiet'\n",
        "usr/lib/node/esp/EFI/BOOT/BOOTX64.EFI": b"shim",
        "usr/lib/node/esp/EFI/debian/grub.cfg": b"configfile",
        "usr/lib/node/esp/grub/grub.cfg": b"state machine",
        "usr/lib/node/bios/boot.img": b"\x90" * 512,
        "usr/lib/node/bios/core.img": b"core" * 4096,
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    subprocess.run(["mksquashfs", tree, folder / "root.img", "-quiet"], check=True)
    return folder / "root.img"


@pytest.fixture(params=[512, 4096], ids=["512-byte-sectors", "4096-byte-sectors"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An empty disk of 20 GiB that takes no space."""
    with (tmp_path / "disk.img").open("wb") as file:
        file.truncate(20 * GIB)
    argv = ["losetup", "--find", "--show", "--partscan", f"--sector-size={request.param}"]
    made = subprocess.run([*argv, file.name], check=True, capture_output=True, text=True)
    device = Path(made.stdout.strip())
    yield device
    subprocess.run(["partx", "--delete", device], check=False, capture_output=True)
    subprocess.run(["losetup", "--detach", device], check=True)


@pytest.fixture
def install(rootfs: Path, image: Path, disk: Path, tmp_path: Path) -> Install:
    """Plan and apply on the disk, inside the image's root."""

    def run(
        *consent: str, stop_at: str = "", sha256: str = "", kill: tuple[str, float] | None = None
    ) -> dict[str, Any]:
        (tmp_path / "scratch").mkdir(exist_ok=True)
        asked = {
            "disk": str(disk),
            "image": "/run/given/root.img",
            "sha256": sha256 or hashlib.sha256(image.read_bytes()).hexdigest(),
            "consent": consent,
            "stop_at": stop_at,
        }
        with subprocess.Popen(
            ["unshare", "--mount", "--propagation=private", "/bin/sh", "-c", ENTER],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "SCRATCH": str(tmp_path / "scratch"),
                "ROOTFS": str(rootfs),
                "SOURCE": str(ROOT),
                "GIVEN": str(image.parent),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            if kill is not None:
                return kill_in_step(process, json.dumps(asked), *kill)
            output, complaint = process.communicate(json.dumps(asked), 300)
        assert process.returncode == 0, complaint[-4000:]
        told: dict[str, Any] = json.loads(output)
        return told

    return run


def kill_in_step(
    process: subprocess.Popen[str], asked: str, step: str, seconds: float
) -> dict[str, Any]:
    """Kill the installation and all that it started, ``seconds`` after ``step`` began."""
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(asked)
    process.stdin.close()
    for line in process.stderr:
        if line == f"{step} started\n":
            break
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    # On a fast machine it may be over before: then the disk holds an installed node.
    complaint = process.stderr.read()
    assert process.wait(30) in {0, -signal.SIGKILL}, complaint[-4000:]
    return {}


def sector_size(disk: Path) -> int:
    shown = subprocess.run(["blockdev", "--getss", disk], check=True, capture_output=True)
    return int(shown.stdout)


def disk_start(disk: Path) -> bytes:
    with disk.open("rb") as device:
        return device.read(8 * 2**20)


def damage(disk: Path, offset: int, count: int) -> None:
    with disk.open("r+b") as device:
        device.seek(offset)
        device.write(bytes(count))


def test_an_empty_disk_becomes_a_node(install: Install, disk: Path) -> None:
    told = install()
    assert told["error"] == ""
    assert tuple(entry.type for entry in read_table(disk, sector_size(disk))) == ORDER_WITH_SWAP
    assert told["disk"]["owner"] == "node"
    assert told["disk"]["node_generation"] == 1
    fractions = [event.get("fraction", 0.0) for event in told["events"]]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_an_installed_node_is_not_wiped_by_the_same_arguments(install: Install, disk: Path) -> None:
    assert install()["error"] == ""
    again = install(str(disk))
    assert "holds an installed node" in again["error"]
    assert again["events"] == []


@pytest.mark.parametrize("step", ["partition", "write-slot", "verify-slot"])
def test_a_cut_leaves_a_disk_that_installs_again(install: Install, step: str) -> None:
    cut = install(stop_at=step)
    assert (cut["disk"]["owner"], cut["disk"]["node_generation"]) == ("node", 0)
    assert install()["error"] == ""


def test_a_cut_while_the_table_is_written_leaves_a_disk_that_installs_again(
    install: Install, disk: Path
) -> None:
    install(stop_at="partition")
    subprocess.run(["partx", "--delete", disk], check=True)
    # The headers go last: entries and backup are there, the kernel sees no table.
    damage(disk, 0, 2 * sector_size(disk))
    told = install()
    assert told["error"] == ""
    assert told["disk"]["node_generation"] == 1


@pytest.mark.parametrize(
    "moment",
    [
        ("check-disk", 0.0),
        *(("partition", seconds) for seconds in (0.05, 0.15, 0.3, 0.45, 0.6, 0.8)),
        ("write-slot", 0.0),
        ("save-config", 0.0),
        ("save-config", 0.1),
        ("make-bootable", 0.05),
    ],
    ids=lambda moment: f"{moment[0]}+{moment[1]}s",
)
def test_killed_at_any_moment_it_installs_again_or_is_done(
    install: Install, moment: tuple[str, float]
) -> None:
    install(kill=moment)
    again = install()
    assert again["error"] == "" or "holds an installed node" in again["error"]
    assert again["disk"]["node_generation"] == 1


def test_a_node_whose_table_is_damaged_is_still_a_node(install: Install, disk: Path) -> None:
    install()
    subprocess.run(["partx", "--delete", disk], check=True)
    damage(disk, 0, 2 * sector_size(disk))
    assert "holds an installed node" in install(str(disk))["error"]


def test_foreign_data_is_refused_without_consent_and_taken_with_it(
    install: Install, disk: Path
) -> None:
    subprocess.run(["mkfs.ext4", "-q", disk], check=True)
    before = disk_start(disk)
    refused = install()
    assert "holds data: ext4" in refused["error"]
    assert disk_start(disk) == before
    assert install(str(disk))["error"] == ""


def test_data_without_a_signature_is_refused(install: Install, disk: Path) -> None:
    with disk.open("r+b") as device:
        device.seek(700_000)
        device.write(b"rows of a database")
    assert "unknown data" in install()["error"]


def test_an_image_that_reads_back_differently_is_never_made_bootable(install: Install) -> None:
    told = install(sha256="0" * 64)
    assert "Root-A on" in told["error"]
    assert "make-bootable" not in [event.get("step") for event in told["events"]]
