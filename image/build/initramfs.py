"""Kernel and initramfs of the image: its ``/boot``; dracut runs inside the image itself."""

import hashlib
import shutil
from pathlib import Path

from image.build import host, overlay
from image.build.cache import cached_folder, input_hash, remove_tree, tree_hash
from image.build.keys import Keys
from image.build.modules import kernel_version
from image.build.overlay import FILES, lay_over
from image.build.scratch import scratch_folder
from image.build.slim import copy_tree
from image.build.version import SOURCE

STEP = "initramfs"
DRACUT = SOURCE / "image/dracut"
INSIDE = Path("usr/lib/node-dracut")
# Of what the kernel unpacks itself this is the quickest to start, at a tenth more bytes than xz.
COMPRESS = ["zstd", "-19", "--threads=2", "--quiet", "--stdout"]
NODE_CFG = Path(__file__).parent / "node.cfg"
# One time for every file, and the same for every commit: it is unpacked into memory and forgotten.
EPOCH = "1"


def boot_folder(slim: Path, tools: Path, keys: Keys) -> Path:
    """Return a folder that is the image's ``/boot``, made once for what goes into it.

    vmlinuz, initrd.img, initrd-net.img, node.cfg, SHA256SUMS. What a bundle fetched at boot must be
    signed with is in initrd-net.img.
    """
    sources = tree_hash([DRACUT, FILES, NODE_CFG, Path(__file__), Path(overlay.__file__)])
    key = input_hash(slim.name, tools.name, keys.fingerprint(), sources)

    def make(boot: Path) -> None:
        with scratch_folder() as scratch:
            rootfs = scratch / "rootfs"
            copy_tree(slim, rootfs, STEP)
            lay_over(FILES, rootfs)
            made = make_segments(rootfs, keys.trusted)
            boot.mkdir()
            fill_boot(boot, rootfs, made, tools)

    return cached_folder("boot", key, make)


def make_segments(rootfs: Path, certificate: Path) -> Path:
    """Let dracut make the segments inside ``rootfs``; return the folder they are in."""
    inside = rootfs / INSIDE
    lay_over(DRACUT, inside)
    shutil.copyfile(certificate, inside / "trusted.pem")
    script = Path("/") / INSIDE
    segments, out = str(script / "build-segments"), str(script / "out")
    argv = [segments, kernel_version(rootfs), out, str(script / "trusted.pem")]
    host.run(argv, step=STEP, root=rootfs, env={"SOURCE_DATE_EPOCH": EPOCH})
    return inside / "out"


def fill_boot(boot: Path, rootfs: Path, segments: Path, tools: Path) -> None:
    """Write the files of ``boot`` from the kernel of ``rootfs`` and the ``segments``."""
    microcode = segments / "microcode.cpio"
    early = microcode.read_bytes() if microcode.exists() else b""
    # The kernel looks for the next archive at a multiple of four.
    padding = bytes(-len(early) % 4)
    _write(boot / "initrd.img", early + padding + _compressed(tools, segments / "base.cpio"))
    _write(boot / "initrd-net.img", _compressed(tools, segments / "net.cpio"))
    kernel = rootfs / "boot" / f"vmlinuz-{kernel_version(rootfs)}"
    _write(boot / "vmlinuz", kernel.read_bytes())
    _write(boot / "node.cfg", NODE_CFG.read_bytes())
    _write(boot / "SHA256SUMS", _checksums(boot, "vmlinuz", "initrd.img", "node.cfg"))


def place_boot(boot: Path, rootfs: Path) -> None:
    """Make ``boot`` the /boot of ``rootfs``.

    The processor gets its microcode from initrd.img before anything could read a file of it.
    """
    for path in (*(rootfs / "boot").iterdir(), *(rootfs / "usr/lib/firmware").glob("*-ucode")):
        remove_tree(path)
    for path in boot.iterdir():
        shutil.copyfile(path, rootfs / "boot" / path.name)


def _compressed(tools: Path, archive: Path) -> bytes:
    return host.run([*COMPRESS, archive], step=STEP, root=tools, binds=(archive.parent,))


def _checksums(folder: Path, *names: str) -> bytes:
    lines = (
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in names
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o644)
