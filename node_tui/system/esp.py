"""The EFI system partition: boot loaders, boot state, arguments of this machine, rescue kernel."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from node_tui.plan.boot_state import BootState
from node_tui.plan.environment_block import format_block
from node_tui.system import boot_state
from node_tui.system.boot_state import locked
from node_tui.system.mounts import TARGET, Mounts
from persist.errors import StepError, VerificationError
from persist.translation import _

ARGUMENTS = "node/args.cfg"
RESCUE = "node/rescue"
# What firmware starts by itself.
FIRMWARE_STARTS = "EFI"
ACCESS = "umask=0077,noexec,nosuid,nodev"


def _nothing() -> None:
    """Do nothing between the files and the state."""


@dataclass(frozen=True, slots=True)
class EspFile:
    """A file of the ESP: its place below the root of the ESP, and its bytes."""

    name: str
    content: bytes


def write_esp(
    esp_device: Path,
    source_tree: Path,
    args: str,
    kernel: Path,
    initrd: Path,
    state: BootState,
    before_state: Callable[[], None] = _nothing,
) -> None:
    """Fill the empty FAT filesystem on ``esp_device``; everything is read back from the disk.

    ``source_tree`` is the image's ``/usr/lib/node/esp``, ``args`` the kernel arguments of this
    machine, ``kernel`` and ``initrd`` those of the rescue console, whose own arguments are the
    ``node.cfg`` beside ``kernel``. ``before_state`` does what must be done when the state is there:
    the state is the mark of a disk that starts. Raises StepError or VerificationError.
    """
    files = tuple(esp_files(source_tree, args, kernel, initrd))
    mounts = Mounts(TARGET)
    with locked(boot_state.LOCK):
        with mounts.mounted(esp_device, "vfat", f"rw,{ACCESS}") as esp:
            fill(esp, files, state, before_state)
        # Mounted anew, so that the bytes come from the disk and not from memory.
        with mounts.mounted(esp_device, "vfat", f"ro,{ACCESS}") as esp:
            check(esp, files, state)


def esp_files(source_tree: Path, args: str, kernel: Path, initrd: Path) -> Iterator[EspFile]:
    """Yield every file of the ESP but the boot state, those that firmware starts at the end.

    A cut before them leaves a disk that UEFI passes over, one after them a disk that has it all.
    """
    sources = sorted(path for path in source_tree.rglob("*") if path.is_file())
    if not sources:
        raise StepError(
            _("The image has no boot loaders in {tree}").format(tree=source_tree),
            _("The image is incomplete: build or fetch it again."),
        )
    listed = [EspFile(str(path.relative_to(source_tree)), path.read_bytes()) for path in sources]
    yield from (file for file in listed if not _is_started_by_firmware(file))
    # GRUB reads this one without running it: no quote or dollar sign of an argument can do harm.
    yield EspFile(ARGUMENTS, format_block("args", args, size=None))
    yield EspFile(f"{RESCUE}/vmlinuz", kernel.read_bytes())
    yield EspFile(f"{RESCUE}/initrd.img", initrd.read_bytes())
    config = kernel.parent / "node.cfg"
    if config.is_file():
        yield EspFile(f"{RESCUE}/node.cfg", config.read_bytes())
    yield from (file for file in listed if _is_started_by_firmware(file))


def _is_started_by_firmware(file: EspFile) -> bool:
    return file.name.partition("/")[0] == FIRMWARE_STARTS


def fill(
    esp: Path,
    files: tuple[EspFile, ...],
    state: BootState,
    before_state: Callable[[], None] = _nothing,
) -> None:
    """Write ``files`` in their order and both copies of ``state`` below ``esp``, durably.

    The boot state comes last: an installation that was cut before it may start again on this disk.
    """
    try:
        for file in files:
            _write_durably(esp / file.name, file.content)
        for folder in sorted({(esp / file.name).parent for file in files}):
            _sync_folder(folder)
        before_state()
        boot_state.create(esp / boot_state.FOLDER, state)
        _sync_folder(esp)
    except OSError as error:
        raise StepError(
            _("The ESP cannot be written: {reason}").format(reason=error),
            _("Look for I/O errors of this disk in the kernel's journal, then install again."),
        ) from error


def check(esp: Path, files: tuple[EspFile, ...], state: BootState) -> None:
    """Raise VerificationError unless everything is below ``esp`` as it was written."""
    wrong = [file.name for file in files if _content(esp / file.name) != file.content]
    if boot_state.read(esp / boot_state.FOLDER) != boot_state.Copies(state, state):
        wrong.append(boot_state.FOLDER)
    if wrong:
        raise VerificationError(
            _("The ESP does not give back what was written: {names}").format(
                names=", ".join(wrong)
            ),
            _("Replace this disk."),
        )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write_durably(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
