"""Making a disk start: what is taken from the image, what stops it, what may be refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node_tui.plan.boot_state import fresh_state, mark_bad
from node_tui.plan.layout import ESP_TYPE, SLOT_TYPE
from node_tui.plan.machine import BootFiles, Made
from node_tui.system import boot_state, loader
from node_tui.system.loader import TargetLoader
from node_tui.system.mounts import Mounts
from persist.errors import StepError, VerificationError

ESP = Made(1, "ESP", ESP_TYPE, "uuid-esp", 2**27, Path("/dev/vda1"))
SLOT = Made(3, "Root-A", SLOT_TYPE, "uuid-a", 2**28, Path("/dev/vda3"))
FILES = BootFiles(Path("/dev/vda"), ESP, SLOT, ("console=ttyS0", "iommu=pt"))


class Folders(Mounts):
    """Folders in place of filesystems, by the device's name."""

    @contextmanager
    def mounted(self, device: Path, kind: str, options: str = "") -> Iterator[Path]:  # noqa: ARG002
        yield self._base / device.name


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A slot with a whole image; what would touch a disk is noted in ``calls``."""
    for name in ("usr/lib/node/esp/x", "usr/lib/node/bios/boot.img", "usr/lib/node/bios/core.img"):
        (tmp_path / "vda3" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vda3" / name).touch()
    (tmp_path / "vda3/boot").mkdir()
    for name in ("vmlinuz", "initrd.img"):
        (tmp_path / "vda3/boot" / name).touch()
    (tmp_path / "vda1" / boot_state.FOLDER).mkdir(parents=True)
    calls = tmp_path / "calls"
    calls.touch()

    def note(name: str, answer: object = None) -> object:
        def noted(*values: object) -> object:
            with calls.open("a") as file:
                file.write(f"{name} {' '.join(str(value) for value in values)}\n")
            return answer

        return noted

    def write_esp(*values: object) -> None:
        *plain, before_state = values
        note("esp")(*plain)
        assert callable(before_state)
        before_state()

    monkeypatch.setattr(loader.esp, "write_esp", write_esp)
    monkeypatch.setattr(loader.bios_core, "embed", note("bios"))
    monkeypatch.setattr(loader.firmware, "add_boot_entry", note("firmware", "no room"))
    monkeypatch.setattr(loader, "read_device", lambda path: path)
    return tmp_path


def install(machine: Path, files: BootFiles = FILES) -> tuple[str, list[str]]:
    told: list[str] = []
    target = TargetLoader(Folders(machine), machine)
    target.install(files, lambda _fraction, message="": told.append(message))
    return (machine / "calls").read_text(), told


def test_esp_and_bios_come_from_the_slot(machine: Path) -> None:
    calls, _ = install(machine)
    image = machine / "vda3"
    kernel = f"{image}/boot/vmlinuz {image}/boot/initrd.img"
    bios, tree = f"{image}/usr/lib/node/bios", f"{image}/usr/lib/node/esp"
    assert calls.splitlines() == [
        f"esp /dev/vda1 {tree} console=ttyS0 iommu=pt {kernel} {fresh_state('A')}",
        f"bios /dev/vda {bios}/boot.img {bios}/core.img",
    ]


def test_firmware_that_takes_no_entry_is_told_and_stops_nothing(machine: Path) -> None:
    (machine / "sys/firmware/efi").mkdir(parents=True)
    calls, told = install(machine)
    assert "firmware /dev/vda 1 uuid-esp" in calls
    assert told[-1] == "no room"


def test_disks_with_4096_byte_sectors_get_no_bios(machine: Path) -> None:
    (machine / "vda3/usr/lib/node/bios/core.img").unlink()
    calls, _ = install(machine, BootFiles(Path("/dev/vda"), ESP, SLOT, bios=False))
    assert "bios" not in calls.split()


@pytest.mark.parametrize("name", ["boot/vmlinuz", "usr/lib/node/bios/core.img"])
def test_an_image_that_cannot_be_started_is_refused(machine: Path, name: str) -> None:
    (machine / "vda3" / name).unlink()
    with pytest.raises(StepError, match=f"The image lacks {name}"):
        install(machine)
    assert (machine / "calls").read_text() == ""


def test_the_boot_state_is_read_back(machine: Path) -> None:
    folder = machine / "vda1" / boot_state.FOLDER
    target = TargetLoader(Folders(machine), machine)
    boot_state.create(folder, fresh_state("A"))
    target.verify(FILES)
    boot_state.create(folder, mark_bad(fresh_state("A"), "A"))
    with pytest.raises(VerificationError, match="boot state on /dev/vda1 reads back"):
        target.verify(FILES)
