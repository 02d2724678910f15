"""``root.img``: the image's tree as one squashfs, the same bytes for the same tree."""

from pathlib import Path

from image.build import host

STEP = "squashfs"
# GRUB mounts gzip, lzo and xz only, and reads kernel and initrd itself: these lie uncompressed,
# they are compressed already. The filter for x86 code saves 3 % and costs the build half a minute.
OPTIONS = (
    "-comp", "xz",
    "-Xbcj", "x86",
    "-b", "1M",
    "-no-exports",
    "-no-recovery",
    "-noappend",
    "-no-progress",
    "-quiet",
    "-action", "uncompressed@subpathname(boot)",
    # Only PXE needs it, and gets it from the PXE directory.
    "-e", "boot/initrd-net.img",
)  # fmt: skip


def build_squashfs(rootfs: Path, tools: Path, out: Path, epoch: int) -> None:
    """Write the squashfs ``out`` of ``rootfs``, every time in it ``epoch`` (s since 1970)."""
    out.parent.mkdir(parents=True, exist_ok=True)
    times = ["-mkfs-time", str(epoch), "-all-time", str(epoch)]
    host.run(
        ["mksquashfs", rootfs, out, *times, *OPTIONS],
        step=STEP,
        root=tools,
        binds=(rootfs, out.parent),
    )
