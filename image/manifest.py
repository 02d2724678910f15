"""The build manifest: what an image is made of. It lies inside, and the node reads it too."""

from pathlib import Path

import msgspec
from msgspec import Struct

PLACE = Path("/usr/lib/node/manifest.json")


class Package(Struct, frozen=True, kw_only=True):
    """One package inside. ``licences`` are the names its copyright file uses, sorted;
    ``installed`` counts the bytes of its files that are in the image."""

    name: str
    version: str
    source: str
    licences: tuple[str, ...]
    installed: int = 0


class Manifest(Struct, frozen=True, kw_only=True):
    """What an image is made of.

    ``epoch`` is the commit's time in seconds since 1970; ``key`` is "development" or "release";
    ``key_fingerprint`` is the SHA-256 of the certificates that a bundle is checked against.
    """

    version: str
    variant: str
    compatible: str
    commit: str
    epoch: int
    kernel: str
    key: str
    key_fingerprint: str
    packages: tuple[Package, ...]


def encode_manifest(manifest: Manifest) -> bytes:
    """Return ``manifest`` as JSON, the same bytes for the same value."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decode_manifest(text: bytes) -> Manifest:
    """Return the manifest in ``text``; unknown fields of a newer one are passed over."""
    return msgspec.json.decode(text, type=Manifest)
