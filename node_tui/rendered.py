"""Rendered files onto a root: whole or not at all, never readable by others in between."""

import contextlib
import os
import shutil
from pathlib import Path

from node_tui.accounts import merge_shadow
from node_tui.render import RenderedFile
from persist.model import NodeConfig


def write_rendered(item: RenderedFile, root: Path) -> None:
    """Make ``item`` so below ``root``; raises OSError."""
    target = root / item.path.lstrip("/")
    if item.kind == "absent":
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if item.kind == "link":
        _write_link(target, item.target)
        return
    write_file(target, item.content.encode(), item.mode)
    if (item.owner, item.group) != ("root", "root"):
        shutil.chown(target, item.owner, item.group)


def write_file(target: Path, content: bytes, mode: int) -> None:
    """Replace ``target``; made as 0600 first, so that no secret is ever open for a moment."""
    temporary = target.with_name(f".{target.name}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        os.fchmod(stream.fileno(), mode)
    temporary.replace(target)


def write_accounts(config: NodeConfig, root: Path) -> None:
    """Put the password of admin into ``/etc/shadow``, whose owner and mode stay what they are."""
    shadow = root / "etc/shadow"
    found = shadow.stat()
    content = merge_shadow(shadow.read_text(encoding="utf-8"), config.security)
    write_file(shadow, content.encode(), found.st_mode & 0o7777)
    os.chown(shadow, found.st_uid, found.st_gid)


def _write_link(target: Path, points_to: str) -> None:
    temporary = target.with_name(f".{target.name}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    temporary.symlink_to(points_to)
    temporary.replace(target)
