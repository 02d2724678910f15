"""The format of one generation: a PAX tar followed by its SHA-256 in hex, 64 bytes.

Members: ``manifest.json`` first, ``node.toml``, then each path below ``files/``. The manifest::

    {"format": 1, "number": 42, "slot": "A", "created": "2026-01-01T00:00:00+00:00",
     "meta": {...}, "files": {"/etc/motd": {"sha256": "...", "asked_by": "admin", "why": "",
     "image_sha256": "absent"}}}

Extended attributes and ACLs are the ``SCHILY.xattr.`` headers that GNU tar and star know.
"""

import hashlib
import hmac
import io
import json
import os
import stat
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from persist.store.files import FileKind, StoredFile
from persist.translation import _

FORMAT = 1
DIGEST_LENGTH = 64
# The largest cap of content is 48 MiB; the rest is room for headers. Reading one costs a few times
# its size in memory, before switch-root and on machines of 1 GiB.
LARGEST = 96 * 2**20
_MANIFEST, _CONFIG, _FILES = "manifest.json", "node.toml", "files"
_XATTR = "SCHILY.xattr."
_KINDS: dict[bytes, FileKind] = {
    tarfile.REGTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "link",
}


class DamagedGenerationError(Exception):
    """A generation that does not verify; the text says why. Never reaches users by itself."""


@dataclass(frozen=True, kw_only=True)
class Generation:
    """What a node remembered at one moment. ``meta`` is what its writer wanted to say about it."""

    number: int
    slot: str
    created: str
    node_toml: str
    files: tuple[StoredFile, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


def pack_generation(generation: Generation) -> bytes:
    """Return the bytes of the file, digest included; the same value gives the same bytes."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as tar:
        _add_plain(tar, _MANIFEST, json.dumps(_manifest(generation), indent=1).encode())
        _add_plain(tar, _CONFIG, generation.node_toml.encode())
        for item in generation.files:
            tar.addfile(_tar_info(item), io.BytesIO(item.content))
    content = body.getvalue()
    return content + hashlib.sha256(content).hexdigest().encode()


def read_generation(path: Path) -> Generation:
    """Return the generation in ``path``; raise DamagedGenerationError when it does not verify."""
    try:
        raw = _read_regular(path)
    except OSError as reason:
        raise DamagedGenerationError(
            _("it cannot be read: {reason}").format(reason=reason.strerror)
        ) from None
    generation = unpack_generation(raw)
    if path.stem.isdigit() and int(path.stem) != generation.number:
        raise DamagedGenerationError(
            _("it says that it is number {number}").format(number=generation.number)
        )
    return generation


def _read_regular(path: Path) -> bytes:
    """Read a file that is neither a link nor a pipe: a boot must not wait or be led elsewhere."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as stream:  # noqa: PTH123 - of a descriptor
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise DamagedGenerationError(_("it is too large to be one, or no file at all"))
        return stream.read(LARGEST)


def unpack_generation(raw: bytes) -> Generation:
    """Return the generation that ``raw`` holds; nothing is believed before the digest matches."""
    body, digest = raw[:-DIGEST_LENGTH], raw[-DIGEST_LENGTH:]
    if not body or not hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), digest):
        raise DamagedGenerationError(_("its checksum is wrong: it was cut off or has changed"))
    try:
        return _parse(body)
    # The digest is no signature: whoever can write to the disk can make one, and what lies under it
    # must not end the restore, whatever it is.
    except Exception as reason:
        raise DamagedGenerationError(
            _("its form is not known: {reason}").format(reason=reason)
        ) from None


def _parse(body: bytes) -> Generation:
    # ``r:``: never packed, or a few bytes of it could fill the memory.
    with tarfile.open(
        fileobj=io.BytesIO(body), mode="r:", encoding="utf-8", errors="surrogateescape"
    ) as tar:
        members = tar.getmembers()
        if [member.name for member in members[:2]] != [_MANIFEST, _CONFIG]:
            raise ValueError("manifest.json and node.toml do not come first")
        manifest = json.loads(_content(tar, members[0]))
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']}")
        files = tuple(_stored_file(tar, member, manifest["files"]) for member in members[2:])
        return Generation(
            number=int(manifest["number"]),
            slot=str(manifest["slot"]),
            created=str(manifest["created"]),
            node_toml=_content(tar, members[1]).decode(),
            files=files,
            meta=dict(manifest["meta"]),
        )


def _manifest(generation: Generation) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "number": generation.number,
        "slot": generation.slot,
        "created": generation.created,
        "meta": dict(generation.meta),
        "files": {
            item.path: {
                "sha256": item.sha256,
                "asked_by": item.asked_by,
                "why": item.why,
                "image_sha256": item.image_sha256,
            }
            for item in generation.files
        },
    }


def _add_plain(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


def _tar_info(item: StoredFile) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"{_FILES}{item.path}")
    info.type = next(code for code, kind in _KINDS.items() if kind == item.kind)
    info.size, info.linkname = len(item.content), item.target
    info.mode, info.uid, info.gid = item.mode, item.uid, item.gid
    info.mtime = item.mtime // 10**9
    # The float of TarInfo.mtime loses nanoseconds, the header is text and does not.
    seconds, nanoseconds = divmod(item.mtime, 10**9)
    info.pax_headers = {"mtime": f"{seconds}.{nanoseconds:09d}"} if nanoseconds else {}
    for name, value in item.xattrs.items():
        info.pax_headers[_XATTR + name] = value.decode("utf-8", "surrogateescape")
    return info


def _stored_file(
    tar: tarfile.TarFile, member: tarfile.TarInfo, listed: Sequence[Any] | Mapping[str, Any]
) -> StoredFile:
    path = member.name.removeprefix(_FILES)
    notes = dict(listed[path])  # type: ignore[call-overload]
    headers = member.pax_headers
    item = StoredFile(
        path=path,
        kind=_KINDS[member.type],
        content=_content(tar, member) if member.isreg() else b"",
        target=member.linkname,
        mode=member.mode,
        uid=member.uid,
        gid=member.gid,
        mtime=_nanoseconds(headers.get("mtime", str(int(member.mtime)))),
        xattrs={
            name.removeprefix(_XATTR): value.encode("utf-8", "surrogateescape")
            for name, value in headers.items()
            if name.startswith(_XATTR)
        },
        asked_by=notes["asked_by"],
        why=notes["why"],
        image_sha256=notes["image_sha256"],
    )
    if item.sha256 != notes["sha256"]:
        raise ValueError(f"{path} is not what the manifest says")
    return item


def _nanoseconds(text: str) -> int:
    seconds, _point, fraction = text.partition(".")
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member) if member.isreg() and not member.issparse() else None
    if stream is None:
        raise ValueError(f"{member.name} is not a file")
    return stream.read()
