"""``root.img``: the image's tree as one squashfs, the same bytes for the same tree."""

from pathlib import Path

from image.build import host

STEP = "squashfs"
PYTHON = ("usr/lib/node", "usr/lib/python3", "usr/lib/python3.13")
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
    # Small files share blocks of 1 MiB, of which the kernel remembers three: Python, which opens
    # hundreds of files all over its folders, would decompress the same blocks again and again. Each
    # of its files gets a block of its own: 3 times faster to a first import, for 2 MB.
    *(
        word
        for folder in PYTHON
        for word in ("-action", f"no-fragments@subpathname({folder})")
    ),
    # Only PXE needs it, and gets it from the PXE directory.
    "-e", "boot/initrd-net.img",
)  # fmt: skip


def build_squashfs(rootfs: Path, tools: Path, out: Path, epoch: int) -> None:
    """Write the squashfs ``out`` of ``rootfs``, every time in it ``epoch`` (s since 1970)."""
    out.parent.mkdir(parents=True, exist_ok=True)
    times = ["-mkfs-time", str(epoch), "-all-time", str(epoch)]
    # What is alike lies together and compresses better: 2 % of the image.
    order = out.with_suffix(".order")
    order.write_text("".join(f"{folder} 1000\n" for folder in PYTHON))
    host.run(
        ["mksquashfs", rootfs, out, *times, "-sort", order, *OPTIONS],
        step=STEP,
        root=tools,
        binds=(rootfs, out.parent),
    )
    order.unlink()
