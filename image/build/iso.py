"""The live medium: one ISO for CD drives and USB sticks, BIOS and UEFI with Secure Boot."""

import hashlib
import struct
import time
from pathlib import Path

from image.build import host
from image.build.bootloader import (
    BIOS_MODULES,
    MEDIUM_MODULES,
    MOK_MANAGER,
    SHIM,
    SIGNED_GRUB,
    fill,
    link_or_copy,
    make_bios_core,
    place,
    place_text,
    write_file,
)
from image.build.scratch import scratch_folder
from persist.errors import BundleError
from persist.translation import _

STEP = "iso"
LABEL = "NODE"
SQUASHFS_MAGIC = b"hsqs"


def build_iso(tools: Path, bundle: Path, out: Path, version: str) -> Path:
    """Write the ISO ``out`` that holds ``bundle`` as ``/node.raucb`` and return its path.

    The same bundle, tools and version give the same bytes: every date is the bundle's own. Raises
    BundleError when ``bundle`` is none, StepError when a tool fails.
    """
    date = bundle_date(bundle)
    medium_id = bundle_id(bundle)
    with scratch_folder() as scratch:
        tree = scratch / "medium"
        link_or_copy(bundle, tree / "node.raucb")
        write_menu(tools, tree, version, medium_id)
        make_esp_image(tools, scratch, medium_id, date)
        mbr = scratch / "mbr.img"
        place(tools, f"{BIOS_MODULES}/boot_hybrid.img", mbr)
        master(tools, scratch, out.name, date, version, medium_id)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.unlink(missing_ok=True)
        link_or_copy(scratch / out.name, out)
    return out


def bundle_date(bundle: Path) -> int:
    """Return when the bundle's payload was made, in seconds since 1970, from its superblock.

    Source: squashfs 4.0, magic at offset 0, little-endian mkfs_time at offset 8.
    """
    with bundle.open("rb") as stream:
        head = stream.read(12)
    if head[:4] != SQUASHFS_MAGIC or len(head) < 12:
        raise BundleError(
            _("{bundle} is not a bundle: it does not begin with a squashfs").format(bundle=bundle),
            _("give the node-VERSION.raucb that the build made"),
        )
    date: int = struct.unpack_from("<I", head, 8)[0]
    return date


def bundle_id(bundle: Path) -> str:
    """Return 16 hex digits that stand for the content of ``bundle``."""
    with bundle.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def write_menu(tools: Path, tree: Path, version: str, medium_id: str) -> None:
    """Write GRUB's menu, its BIOS image and the marks by which GRUB knows this medium."""
    place_text("live.cfg", tree / "boot/grub/grub.cfg")
    write_file(tree / "boot/id" / medium_id, f"{version}\n".encode())
    # Debian's GRUB for media looks for this name when the firmware does not say where it came from.
    write_file(tree / ".disk/info", f"Node {version}\n".encode())
    core = make_bios_core(
        tools,
        "i386-pc-eltorito",
        "/boot/grub",
        MEDIUM_MODULES,
        step=STEP,
        early_config=fill("medium-stub.cfg", ID=medium_id),
    )
    write_file(tree / "boot/grub/eltorito.img", core)


def make_esp_image(tools: Path, scratch: Path, medium_id: str, date: int) -> None:
    """Write ``scratch/esp.img``, the FAT filesystem that UEFI firmware starts from."""
    esp = scratch / "esp"
    place(tools, SHIM, esp / "EFI/BOOT/BOOTX64.EFI")
    # The build for media: it looks in /boot/grub, then for /.disk/info when it knows no disk.
    place(tools, f"{SIGNED_GRUB}/gcdx64.efi.signed", esp / "EFI/BOOT/grubx64.efi")
    place(tools, MOK_MANAGER, esp / "EFI/BOOT/mmx64.efi")
    place_text("medium-stub.cfg", esp / "boot/grub/grub.cfg", ID=medium_id)
    content = sum(path.stat().st_size for path in esp.rglob("*") if path.is_file())
    kib = content // 1024 + 512  # room for the tables of the filesystem
    image = scratch / "esp.img"
    env = {"SOURCE_DATE_EPOCH": str(date), "MTOOLS_SKIP_CHECK": "1"}
    commands: list[list[str | Path]] = [
        ["mkfs.vfat", "--invariant", "-i", medium_id[:8], "-n", "NODE_EFI", "-C", image, str(kib)],
        ["mcopy", "-i", image, "-s", esp / "EFI", esp / "boot", "::/"],
    ]
    for command in commands:
        host.run(command, step=STEP, root=tools, binds=[scratch], env=env)


def master(tools: Path, scratch: Path, name: str, date: int, version: str, medium_id: str) -> None:
    """Write ``scratch/name`` from ``scratch/medium``, ``mbr.img`` and ``esp.img``."""
    stamp = time.strftime("%Y%m%d%H%M%S00", time.gmtime(date))
    options: list[str | Path] = ["-output", scratch / name]
    options += ["-volid", LABEL, "-appid", f"NODE {version}", "-rational-rock", "-joliet"]
    options += ["-iso-level", "3", "--modification-date=" + stamp, "--set_all_file_dates", stamp]
    options += ["--gpt_disk_guid", medium_id * 2]
    # CD, BIOS: El Torito. Stick, BIOS: MBR code that loads the same image.
    options += ["--grub2-mbr", scratch / "mbr.img", "-partition_offset", "16"]
    options += ["-c", "/boot/boot.cat", "-b", "/boot/grub/eltorito.img", "-no-emul-boot"]
    options += ["-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info"]
    # CD, UEFI: El Torito. Stick, UEFI: the same bytes as a partition.
    options += ["-append_partition", "2", "0xef", scratch / "esp.img", "-appended_part_as_gpt"]
    options += ["--mbr-force-bootable"]  # some BIOSes skip sticks without an active partition
    options += ["-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::"]
    options += ["-no-emul-boot", scratch / "medium"]
    host.run(
        ["xorriso", "-as", "mkisofs", *options],
        step=STEP,
        root=tools,
        binds=[scratch],
        env={"SOURCE_DATE_EPOCH": str(date)},
    )
