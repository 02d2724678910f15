"""Disk images for machines: made empty, layered over a kept one, compared byte for byte."""

import subprocess
from pathlib import Path

GIB = 2**30


def make_disk(path: Path, size: int = 20 * GIB) -> Path:
    """Make an empty qcow2 disk of ``size`` bytes."""
    _qemu_img("create", "-q", "-f", "qcow2", str(path), str(size))
    return path


def layer_over(base: Path, path: Path) -> Path:
    """Make a disk that begins as ``base`` (qcow2) and keeps its changes to itself."""
    _qemu_img("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(base.resolve()), str(path))
    return path


def make_variables(template: Path, path: Path) -> Path:
    """Copy a firmware variable store into qcow2, so that states of the machine can be saved."""
    _qemu_img("convert", "-f", "raw", "-O", "qcow2", str(template), str(path))
    return path


def write_bytes(disk: Path, offset: int, content: bytes) -> None:
    """Write into a qcow2 disk from outside, while no machine uses it."""
    pattern = disk.with_suffix(".bytes")
    pattern.write_bytes(content)
    # qemu-io's -s reads the bytes to write from a file.
    _run(
        "qemu-io", "-f", "qcow2", "-c", f"write -q -s {pattern} {offset} {len(content)}", str(disk)
    )
    pattern.unlink()


def read_bytes(disk: Path, offset: int, length: int) -> bytes:
    """Read from a disk of any format, while no machine uses it."""
    raw = disk.with_suffix(".part")
    sectors = (offset % 512 + length + 511) // 512
    where = (f"skip={offset // 512}", f"count={sectors}", f"if={disk}", f"of={raw}")
    _qemu_img("dd", "-O", "raw", "bs=512", *where)
    content = raw.read_bytes()
    raw.unlink()
    return content[offset % 512 : offset % 512 + length]


def same_content(first: Path, second: Path) -> bool:
    """Tell whether a guest reads the same bytes from both (qcow2; holes read as zeros)."""
    argv = ("qemu-img", "compare", "-q", "-f", "qcow2", "-F", "qcow2", str(first), str(second))
    code = subprocess.run(argv, capture_output=True, check=False).returncode
    if code > 1:
        raise RuntimeError(f"{' '.join(argv)} ended with {code}: the images cannot be compared")
    return code == 0


def _qemu_img(*arguments: str) -> None:
    _run("qemu-img", *arguments)


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr or done.stdout}")
