"""Kernel and initramfs of the image, in its ``/boot``; dracut runs inside the image itself."""

import hashlib
import shutil
from pathlib import Path

from image.build import host
from image.build.cache import remove_tree
from image.build.modules import kernel_version
from image.build.version import SOURCE

STEP = "initramfs"
DRACUT = SOURCE / "image/dracut"
INSIDE = Path("usr/lib/node-dracut")
# Of what the kernel unpacks itself this is the quickest to start, at a tenth more bytes than xz.
COMPRESS = ["zstd", "-19", "--threads=2", "--quiet", "--stdout"]
NODE_CFG = Path(__file__).parent / "node.cfg"


def build_initramfs(rootfs: Path, tools: Path, certificate: Path, epoch: int) -> None:
    """Fill ``/boot`` of ``rootfs``: vmlinuz, initrd.img, initrd-net.img, node.cfg, SHA256SUMS.

    ``certificate`` (PEM) is what a bundle fetched at boot must be signed with; every time inside
    is ``epoch``.
    """
    version = kernel_version(rootfs)
    boot = rootfs / "boot"
    inside = rootfs / INSIDE
    remove_tree(inside)
    shutil.copytree(DRACUT, inside, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(certificate, inside / "trusted.pem")
    script = Path("/") / INSIDE
    segments = str(script / "build-segments")
    argv = [segments, version, str(script / "out"), str(script / "trusted.pem")]
    host.run(argv, step=STEP, root=rootfs, env={"SOURCE_DATE_EPOCH": str(epoch)})
    kernel = (boot / f"vmlinuz-{version}").read_bytes()
    base = _compressed(tools, inside / "out/base.cpio")
    net = _compressed(tools, inside / "out/net.cpio")
    microcode = inside / "out/microcode.cpio"
    early = microcode.read_bytes() if microcode.exists() else b""
    for path in (*boot.iterdir(), *(rootfs / "usr/lib/firmware").glob("*-ucode")):
        # The processor gets its microcode from initrd.img before anything could read a file.
        remove_tree(path)
    # The kernel looks for the next archive at a multiple of four.
    _write(boot / "initrd.img", early + bytes(-len(early) % 4) + base)
    _write(boot / "initrd-net.img", net)
    _write(boot / "vmlinuz", kernel)
    _write(boot / "node.cfg", NODE_CFG.read_bytes())
    _write(boot / "SHA256SUMS", _checksums(boot, "vmlinuz", "initrd.img", "node.cfg"))
    remove_tree(inside)


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
