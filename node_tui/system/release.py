"""Which product runs here: /etc/os-release and the build manifest of the image."""

import json
from dataclasses import dataclass
from pathlib import Path

from persist.translation import _

OS_RELEASE = "usr/lib/os-release"
MANIFEST = "usr/lib/node/manifest.json"


@dataclass(frozen=True)
class Release:
    """``variant`` is ``hypervisor`` or ``minimal``; empty on a machine that is no node."""

    product: str
    version: str
    variant: str


def read_release(root: Path) -> Release:
    """Return product, version and variant; OSError when there is no os-release."""
    fields = {}
    for line in (root / OS_RELEASE).read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals:
            fields[key] = value.strip("\"'")
    _id, _dash, variant = fields.get("IMAGE_ID", "").partition("-")
    return Release(fields.get("NAME", "Node"), fields.get("VERSION_ID", ""), variant)


def read_signer(root: Path) -> str:
    """Say in words which kind of key signed the running image."""
    manifest = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    kind = str(manifest.get("key", ""))
    if kind == "development":
        return _("development key: not for production")
    return _("release key") if kind == "release" else kind
