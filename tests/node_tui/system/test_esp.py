"""The files of the ESP: complete, read back, and no argument can do harm in GRUB."""

from pathlib import Path

import pytest

from node_tui.plan.boot_state import fresh_state
from node_tui.plan.environment_block import read_variable
from node_tui.system import boot_state
from node_tui.system.esp import EspFile, check, esp_files, fill
from persist.errors import StepError, VerificationError

ARGS = "console=ttyS1 note=\"a 'b' $c\" x=\\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[EspFile, ...]:
    tree, boot = tmp_path / "image", tmp_path / "boot"
    (tree / "EFI/BOOT").mkdir(parents=True)
    (tree / "grub").mkdir()
    boot.mkdir()
    (tree / "EFI/BOOT/BOOTX64.EFI").write_bytes(b"shim")
    (tree / "grub/grub.cfg").write_bytes(b"menu")
    (tree / "version").write_bytes(b"sha256:1\n")
    (boot / "vmlinuz").write_bytes(b"kernel")
    (boot / "initrd.img").write_bytes(b"initramfs")
    (boot / "node.cfg").write_bytes(b'set args="quiet"\n')
    return tuple(esp_files(tree, ARGS, boot / "vmlinuz", boot / "initrd.img"))


def test_everything_grub_needs_is_there(files: tuple[EspFile, ...], tmp_path: Path) -> None:
    esp = tmp_path / "esp"
    esp.mkdir()
    fill(esp, files, fresh_state("A"))
    found = sorted(str(path.relative_to(esp)) for path in esp.rglob("*") if path.is_file())
    assert found == [
        "EFI/BOOT/BOOTX64.EFI",
        "grub/grub.cfg",
        "grub/state0",
        "grub/state1",
        "node/args.cfg",
        "node/rescue/initrd.img",
        "node/rescue/node.cfg",
        "node/rescue/vmlinuz",
        "version",
    ]
    assert read_variable((esp / "node/args.cfg").read_bytes(), "args") == ARGS
    assert boot_state.read(esp / "grub").state == fresh_state("A")
    check(esp, files, fresh_state("A"))


def test_what_firmware_starts_comes_after_all_that_it_needs(files: tuple[EspFile, ...]) -> None:
    assert [file.name for file in files][-1] == "EFI/BOOT/BOOTX64.EFI"
    assert [file.name.startswith("EFI/") for file in files].count(True) == 1


def test_the_state_is_written_when_everything_else_is_there(
    files: tuple[EspFile, ...], tmp_path: Path
) -> None:
    esp = tmp_path / "esp"
    esp.mkdir()
    seen: list[bool] = []

    def cut() -> None:
        seen.append((esp / "EFI/BOOT/BOOTX64.EFI").exists())
        seen.append((esp / "grub/state0").exists())
        raise StepError("power is gone")

    with pytest.raises(StepError, match="power is gone"):
        fill(esp, files, fresh_state("A"), cut)
    assert seen == [True, False]
    assert boot_state.read(esp / "grub").state is None


@pytest.mark.parametrize("name", ["EFI/BOOT/BOOTX64.EFI", "node/rescue/vmlinuz", "grub/state1"])
def test_a_file_that_does_not_read_back_is_named(
    files: tuple[EspFile, ...], tmp_path: Path, name: str
) -> None:
    esp = tmp_path / "esp"
    esp.mkdir()
    fill(esp, files, fresh_state("A"))
    (esp / name).write_bytes(b"other")
    with pytest.raises(VerificationError, match=name.replace("grub/state1", "grub")):
        check(esp, files, fresh_state("A"))
    (esp / name).unlink()
    with pytest.raises(VerificationError):
        check(esp, files, fresh_state("A"))


def test_an_image_without_loaders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="no boot loaders"):
        tuple(esp_files(tmp_path / "nothing", "", tmp_path / "k", tmp_path / "i"))


def test_a_full_esp_is_told(files: tuple[EspFile, ...]) -> None:
    with pytest.raises(StepError, match="The ESP cannot be written"):
        fill(Path("/proc/nothing"), files, fresh_state("A"))
