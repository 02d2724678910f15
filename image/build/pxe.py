"""The network boot directory: what a TFTP and an HTTP server offer, ready-made menus included."""

import re
from pathlib import Path

from image.build.bootloader import (
    MOK_MANAGER,
    SHIM,
    SIGNED_GRUB,
    link_or_copy,
    place,
    place_text,
    write_file,
)
from persist.errors import StepError
from persist.translation import _

IPXE = "usr/lib/ipxe"
ARGUMENTS = re.compile(r"""^\s*set\s+args=(["']?)(?P<args>.*)\1\s*$""", re.MULTILINE)


def build_pxe(tools: Path, rootfs: Path, bundle: Path, out: Path) -> Path:
    """Fill ``out`` with kernel, initramfs, bundle, boot loaders and menus; return ``out``.

    Raises StepError when the image's ``/boot`` is not complete.
    """
    boot = rootfs / "boot"
    write_file(out / "vmlinuz", read_boot_file(boot / "vmlinuz"))
    write_file(out / "initrd", join_segments(boot / "initrd.img", boot / "initrd-net.img"))
    link_or_copy(bundle, out / "node.raucb")
    # UEFI: shim asks for grubx64.efi beside itself, grubnet for /grub/grub.cfg.
    place(tools, SHIM, out / "shimx64.efi")
    place(tools, f"{SIGNED_GRUB}/grubnetx64.efi.signed", out / "grubx64.efi")
    place(tools, MOK_MANAGER, out / "mmx64.efi")
    place_text("pxe.cfg", out / "grub/grub.cfg")
    arguments = read_boot_file(boot / "node.cfg")
    write_file(out / "grub/node.cfg", arguments)
    # BIOS, and UEFI without Secure Boot.
    place(tools, f"{IPXE}/undionly.kpxe", out / "undionly.kpxe")
    place(tools, f"{IPXE}/ipxe.efi", out / "ipxe.efi")
    place_text("boot.ipxe", out / "boot.ipxe", ARGS=image_arguments(arguments.decode()))
    return out


def join_segments(*segments: Path) -> bytes:
    """Return the initramfs ``segments`` as one file.

    The kernel unpacks archives one after the other when each begins at a multiple of 4 bytes.
    Source: Documentation/driver-api/early-userspace/buffer-format.rst.
    """
    joined = bytearray()
    for segment in segments:
        joined += bytes(-len(joined) % 4)
        joined += read_boot_file(segment)
    return bytes(joined)


def image_arguments(node_cfg: str) -> str:
    """Return the kernel arguments that the image's ``node.cfg`` gives to GRUB."""
    found = ARGUMENTS.search(node_cfg)
    if found is None:
        raise StepError(
            _("/boot/node.cfg of the image sets no args"),
            _('it must have a line: set args="..."'),
        )
    return found["args"]


def read_boot_file(path: Path) -> bytes:
    """Return the content of a file of the image's ``/boot``."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StepError(
            _("the image has no {path}: {reason}").format(path=path, reason=error.strerror),
            _("the initramfs step writes it; build again with an empty cache"),
        ) from error
