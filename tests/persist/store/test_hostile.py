"""Generations somebody made to do harm: the digest fits, the rest does not. None may end a boot."""

import contextlib
import gzip
import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persist.store import DamagedGenerationError, StoredFile, place_files
from persist.store.generation import unpack_generation

MANIFEST = {
    "format": 1, "number": 1, "slot": "A", "created": "", "meta": {},
    "files": {"/etc/x": {"sha256": "", "asked_by": "", "why": "", "image_sha256": ""}},
}  # fmt: skip


def sealed(body: bytes) -> bytes:
    """Return ``body`` with a digest that fits."""
    return body + hashlib.sha256(body).hexdigest().encode()


def packed(
    *more: tuple[tarfile.TarInfo, bytes],
    manifest: Any = MANIFEST,
    first: tuple[str, str] = ("manifest.json", "node.toml"),
) -> bytes:
    """Return a tar with a manifest, a config and ``more``."""
    body = io.BytesIO()
    plain = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as tar:
        contents = {"manifest.json": plain, "node.toml": b"version = 1\n"}
        for name in first:
            content = contents[name]
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info, content in more:
            tar.addfile(info, io.BytesIO(content))
    return body.getvalue()


def member(**values: Any) -> tarfile.TarInfo:
    """Return a member ``files/etc/x``."""
    info = tarfile.TarInfo("files/etc/x")
    for name, value in values.items():
        setattr(info, name, value)
    return info


def sparse() -> bytes:
    """A file of zeros in a few bytes, as GNU tar's format 0.1 writes it; its hash is right."""
    size = 2**20
    headers = {"GNU.sparse.size": str(size), "GNU.sparse.map": f"{size},0"}
    notes = {"sha256": hashlib.sha256(bytes(size)).hexdigest(), "asked_by": "", "why": ""}
    manifest = {**MANIFEST, "files": {"/etc/x": {**notes, "image_sha256": ""}}}
    return packed((member(pax_headers=headers), b""), manifest=manifest)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": bytes,
    "no-tar": lambda: b"x" * 4096,
    "gzip": lambda: gzip.compress(packed()),
    "xz": lambda: lzma.compress(packed()),
    "nested": lambda: packed(manifest=b"[" * 200_000),
    "no-manifest": lambda: packed(manifest=b"null"),
    "sparse": sparse,
    "hard-link": lambda: packed((member(type=tarfile.LNKTYPE, linkname="node.toml"), b"")),
    "device": lambda: packed((member(type=tarfile.CHRTYPE, devmajor=1, devminor=1), b"")),
    "pipe": lambda: packed((member(type=tarfile.FIFOTYPE), b"")),
    "time": lambda: packed((member(pax_headers={"mtime": "inf"}), b"")),
    "format": lambda: packed(manifest={**MANIFEST, "format": 2}),
    "order": lambda: packed(first=("node.toml", "manifest.json")),
    "content": lambda: packed((member(size=1), b"x")),
    "unlisted": lambda: packed((tarfile.TarInfo("files/etc/y"), b"")),
    "size": lambda: packed()[:124] + b"\x80" + b"\xff" * 11 + packed()[136:],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_generation_is_damaged_and_nothing_worse(name: str) -> None:
    with pytest.raises(DamagedGenerationError):
        unpack_generation(sealed(HOSTILE[name]()))


def test_the_honest_one_is_read() -> None:
    assert unpack_generation(sealed(packed())).number == 1


@given(st.data())
def test_any_bytes_under_a_fitting_digest_are_answered(data: st.DataObject) -> None:
    body = bytearray(packed((member(), b"")))
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DamagedGenerationError):
        unpack_generation(sealed(bytes(body)))


@pytest.mark.parametrize(
    "bad",
    [{"uid": 2**40}, {"mtime": 2**200}, {"mode": 2**40}, {"xattrs": {"user.x": b"x" * 2**20}}],
)
def test_what_no_system_call_takes_does_not_keep_the_others(
    tmp_path: Path, bad: dict[str, Any]
) -> None:
    files = [StoredFile(path="/a", content=b"x", **bad), StoredFile(path="/z", content=b"z")]
    (problem,) = place_files(files, tmp_path)
    assert problem.startswith("/a: ")
    assert (tmp_path / "z").read_bytes() == b"z"
