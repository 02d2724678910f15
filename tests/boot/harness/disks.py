"""Disk images for machines: made empty, layered over a kept one, compared byte for byte."""

import json
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
    """Read from a qcow2 disk, while no machine uses it; both multiples of 512."""
    piece = disk.with_suffix(".piece")
    layers = {"driver": "qcow2", "file": {"driver": "file", "filename": str(disk.resolve())}}
    window = {"driver": "raw", "offset": offset, "size": length, "file": layers}
    _qemu_img("convert", "-O", "raw", f"json:{json.dumps(window)}", str(piece))
    content = piece.read_bytes()
    piece.unlink()
    return content


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
