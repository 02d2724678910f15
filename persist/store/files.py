"""Files inside a generation: taken from the running root, placed onto the next one."""

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from persist.errors import StepError
from persist.translation import _

FileKind = Literal["file", "directory", "link"]

# ``trusted.overlay.*`` belongs to the overlay of one boot, security.selinux to another product.
_IGNORED_XATTRS = ("trusted.overlay.", "security.selinux")


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """One path as it was. ``path`` is absolute; odd bytes in names are surrogate-escaped.

    ``mtime`` is in nanoseconds. ``asked_by`` and ``why`` say who wants it kept; ``image_sha256`` is
    the hash of the image's own version at that time, or ``absent``.
    """

    path: str
    kind: FileKind = "file"
    content: bytes = b""
    target: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    xattrs: Mapping[str, bytes] = field(default_factory=dict)
    asked_by: str = ""
    why: str = ""
    image_sha256: str = "absent"

    @property
    def sha256(self) -> str:
        """Hex digest of the content, or of the target of a link."""
        return hashlib.sha256(self.content or os.fsencode(self.target)).hexdigest()


def gather_file(root: Path, path: str, *, asked_by: str, why: str = "") -> StoredFile:
    """Return ``path`` (absolute, inside ``root``) as it is now; refuse devices, sockets, pipes."""
    source = _inside(root, path)
    try:
        found = source.lstat()
    except OSError as reason:
        raise StepError(
            _("{path} cannot be kept: {reason}").format(path=path, reason=reason.strerror),
            _("Check the name."),
        ) from None
    if not (
        stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) or stat.S_ISLNK(found.st_mode)
    ):
        raise StepError(
            _("{path} is a device, socket or pipe and cannot be kept").format(path=path),
            _("Only files, links and directories are kept."),
        )
    kind: FileKind = "file"
    if not stat.S_ISREG(found.st_mode):
        kind = "link" if stat.S_ISLNK(found.st_mode) else "directory"
    return StoredFile(
        path=path,
        kind=kind,
        content=_read_itself(source) if kind == "file" else b"",
        target=os.readlink(source) if kind == "link" else "",  # noqa: PTH115 - keeps a target as written
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        mtime=found.st_mtime_ns,
        xattrs=_read_xattrs(source),
        asked_by=asked_by,
        why=why,
    )


def _read_itself(path: Path) -> bytes:
    """Read ``path``, which may have become a link or a pipe since it was looked at."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as stream:  # noqa: PTH123 - of a descriptor
            return stream.read()
    except OSError as reason:
        raise StepError(
            _("{path} cannot be kept: {reason}").format(path=path, reason=reason.strerror),
            _("Check the name."),
        ) from None


def place_files(files: Iterable[StoredFile], root: Path) -> tuple[str, ...]:
    """Put ``files`` where they belong below ``root``; return in words what could not be placed.

    One bad file must not keep the others from a booting node, so nothing is raised.
    """
    problems: list[str] = []
    for item in sorted(files, key=lambda item: item.path):
        try:
            _place(item, root)
        # OverflowError: an owner, mode or time that no system call takes.
        except (OSError, StepError, ValueError, OverflowError) as reason:
            problems.append(f"{os.fsencode(item.path).decode(errors='replace')}: {reason}")
    return tuple(problems)


def _place(item: StoredFile, root: Path) -> None:
    target = _inside(root, item.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if item.kind == "directory":
        target.mkdir(exist_ok=True)
        _dress(target, item)
        return
    if target.is_dir() and not target.is_symlink():
        raise StepError(_("a directory stands in its place"))
    temporary = target.with_name(f".{target.name[:200]}.placing")
    temporary.unlink(missing_ok=True)
    if item.kind == "link":
        temporary.symlink_to(item.target)
        os.chown(temporary, item.uid, item.gid, follow_symlinks=False)
    else:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - of a descriptor
            stream.write(item.content)
        _dress(temporary, item)
    temporary.replace(target)


def _dress(path: Path, item: StoredFile) -> None:
    """Owner first: chown clears set-id bits, and ACLs may change what mode bits mean."""
    os.chown(path, item.uid, item.gid)
    path.chmod(item.mode)
    for name, value in item.xattrs.items():
        os.setxattr(path, name, value)
    os.utime(path, ns=(item.mtime, item.mtime))


def _read_xattrs(path: Path) -> dict[str, bytes]:
    names = os.listxattr(path, follow_symlinks=False)
    return {
        name: os.getxattr(path, name, follow_symlinks=False)
        for name in sorted(names)
        if not name.startswith(_IGNORED_XATTRS)
    }


def _inside(root: Path, path: str) -> Path:
    """Return where ``path`` lies below ``root``; refuse a path that leads out of it."""
    # Only one spelling: a tar gives ``/etc/x/`` back as ``/etc/x``, which the manifest lacks.
    normal = os.path.normpath(path) == path and not path.startswith("//")
    if not path.startswith("/") or not normal or "\0" in path or path == "/":
        raise StepError(
            _("{path!r} is not an absolute path").format(path=path),
            _("Start with /, and leave out '..', doubled slashes and a slash at the end."),
        )
    target = root.joinpath(path.lstrip("/"))
    top = os.path.realpath(root)
    parent = os.path.realpath(target.parent)
    if os.path.commonpath([top, parent]) != top:
        raise StepError(
            _("{path!r} leads out of the system through a link").format(path=path),
            _("Use the path that the link points to."),
        )
    return target
