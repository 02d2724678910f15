"""The bill of materials as SPDX 2.3 JSON, without anything that two builds would differ in."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from image.manifest import Manifest, Package

# SPDX ids are letters, digits, "." and "-".
ODD = re.compile(r"[^A-Za-z0-9.-]")


def spdx_document(manifest: Manifest) -> bytes:
    """Return the SPDX document of ``manifest``."""
    name = f"node-{manifest.variant}-{manifest.version}"
    seed = json.dumps([[package.name, package.version] for package in manifest.packages])
    digest = hashlib.sha256(f"{name}\0{manifest.commit}\0{seed}".encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"urn:node:spdx:{digest}",
        "creationInfo": {
            "created": datetime.fromtimestamp(manifest.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: node-image"],
        },
        "packages": [_package(package) for package in manifest.packages],
        "relationships": [_described(package) for package in manifest.packages],
    }
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def _id(package: Package) -> str:
    return f"SPDXRef-{ODD.sub('-', package.name)}"


def _package(package: Package) -> dict[str, Any]:
    found = " AND ".join(package.licences)
    return {
        "SPDXID": _id(package),
        "name": package.name,
        "versionInfo": package.version,
        "sourceInfo": package.source,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        # Debian's short names are not all SPDX's, so they stand as a comment and not as a claim.
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "licenseComments": found,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": _purl(package),
            }
        ],
    }


def _purl(package: Package) -> str:
    # Source: the purl specification, which wants "+" escaped and ":" and "~" as they are.
    version = quote(package.version, safe=":~")
    if package.name.startswith("python:"):
        return f"pkg:pypi/{package.name.removeprefix('python:')}@{version}"
    return f"pkg:deb/debian/{package.name}@{version}"


def _described(package: Package) -> dict[str, str]:
    return {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": _id(package),
    }
