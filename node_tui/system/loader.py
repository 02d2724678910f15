"""Make the new disk start: everything is taken from the slot that was just verified."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node_tui.plan.boot_state import fresh_state
from node_tui.plan.machine import BootFiles
from node_tui.system import bios_core, boot_state, esp, firmware
from node_tui.system.block import read_device
from node_tui.system.boot_mode import read_firmware
from node_tui.system.mounts import TARGET, Mounts
from persist.errors import StepError, VerificationError
from persist.translation import _
from plugins.api.steps import Progress

log = logging.getLogger(__name__)

ESP_TREE = "usr/lib/node/esp"
BOOT_IMAGE = "usr/lib/node/bios/boot.img"
CORE_IMAGE = "usr/lib/node/bios/core.img"
KERNEL = "boot/vmlinuz"
INITRD = "boot/initrd.img"
NEEDED = (ESP_TREE, KERNEL, INITRD)
NEEDED_BY_BIOS = (BOOT_IMAGE, CORE_IMAGE)
READ_ONLY = "ro,nodev,nosuid,noexec"


class TargetLoader:
    """The loader of ``node_tui.plan.machine``: GRUB for UEFI and BIOS."""

    def __init__(self, mounts: Mounts | None = None, root: Path = Path("/")) -> None:
        self._mounts = mounts or Mounts(TARGET)
        self._root = root

    def install(self, files: BootFiles, progress: Progress) -> None:
        """Write ESP, GRUB for BIOS and, as far as it takes one, the firmware's entry."""
        with self._image(files) as image:

            def embed_core() -> None:
                if files.bios:
                    progress(0.8, _("GRUB for BIOS"))
                    bios_core.embed(files.disk, image / BOOT_IMAGE, image / CORE_IMAGE)

            progress(0.1, _("EFI system partition"))
            # write_esp reads everything back from the disk before it returns.
            esp.write_esp(
                files.esp.device,
                image / ESP_TREE,
                " ".join(files.arguments),
                image / KERNEL,
                image / INITRD,
                fresh_state("A"),
                embed_core,
            )
        if read_firmware(self._root) == "uefi":
            problem = firmware.add_boot_entry(files.disk, files.esp.number, files.esp.uuid)
            if problem:
                log.warning("%s", problem)
            progress(1.0, problem or _("entry in the firmware's boot menu"))

    def verify(self, files: BootFiles) -> None:
        """Read the boot state once more, as GRUB will see it."""
        with self._mounts.mounted(files.esp.device, "vfat", READ_ONLY) as place:
            found = boot_state.read(place / boot_state.FOLDER).state
        if found != fresh_state("A"):
            raise VerificationError(
                _("The boot state on {device} reads back as {state}").format(
                    device=files.esp.device, state=found
                ),
                _("The disk does not keep what is written: look at its health, use another one."),
            )

    @contextmanager
    def _image(self, files: BootFiles) -> Iterator[Path]:
        """Yield the root of the image in the slot; StepError when it lacks what makes it start."""
        read_device(files.slot.device)
        with self._mounts.mounted(files.slot.device, "squashfs", READ_ONLY) as image:
            needed = (*NEEDED, *NEEDED_BY_BIOS) if files.bios else NEEDED
            missing = [name for name in needed if not (image / name).exists()]
            if missing:
                raise StepError(
                    _("The image lacks {names}").format(names=", ".join(missing)),
                    _("It cannot be started from a disk. Build or fetch it again."),
                )
            yield image
