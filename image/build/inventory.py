"""What the image is made of: packages, their versions and licences."""

import re
from pathlib import Path

from image.build.bundle import COMPATIBLE
from image.build.keys import Keys
from image.build.version import Origin
from image.distro.debian import installed
from image.manifest import Manifest, Package
from kickstart.recipe import Recipe

LICENCE = re.compile(r"^License:[ \t]*(\S.*)$", re.MULTILINE | re.IGNORECASE)
COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9])")
CLASSIFIED = re.compile(r"^(?:License-Expression|License):[ \t]*(\S.*)$", re.MULTILINE)


def make_manifest(
    recipe: Recipe,
    origin: Origin,
    keys: Keys,
    kernel: str,
    packages: tuple[Package, ...],
) -> Manifest:
    """Return the manifest of the image that is being built."""
    return Manifest(
        version=origin.version,
        variant=recipe.variant,
        compatible=COMPATIBLE,
        commit=origin.commit,
        epoch=origin.epoch,
        kernel=kernel,
        key=keys.kind,
        key_fingerprint=keys.fingerprint(),
        packages=packages,
    )


def debian_packages(base: Path, rootfs: Path) -> tuple[Package, ...]:
    """Return Debian's packages of ``base`` that still have a file in ``rootfs``, by name."""
    found = []
    for name, fields in sorted(installed(base).items()):
        size = sum(_size(rootfs / path) for path in files_of(base, name, fields))
        if size:
            source = fields.get("source", name).split()[0]
            licences = _licences(base / "usr/share/doc" / name / "copyright")
            found.append(
                Package(
                    name=name,
                    version=fields["version"],
                    source=source,
                    licences=licences,
                    installed=size,
                )
            )
    return tuple(found)


def wheel_packages(wheels: Path) -> tuple[Package, ...]:
    """Return the wheels unpacked in ``wheels``, by name."""
    found = []
    for path in sorted(wheels.glob("*.dist-info")):
        name, version = path.name.removesuffix(".dist-info").rsplit("-", 1)
        text = (path / "METADATA").read_text(encoding="utf-8")
        head = text.split("\n\n", 1)[0]
        licences = tuple(sorted(set(CLASSIFIED.findall(head)))) or _classifiers(head)
        found.append(
            Package(name=f"python:{name}", version=version, source="pypi", licences=licences)
        )
    return tuple(found)


def files_of(base: Path, name: str, fields: dict[str, str]) -> tuple[str, ...]:
    """Return the paths that dpkg lists for package ``name``, relative to the root, merged /usr."""
    folder = base / "var/lib/dpkg/info"
    lists = (folder / f"{name}.list", folder / f"{name}:{fields['architecture']}.list")
    text = next((path.read_text() for path in lists if path.exists()), "")
    return tuple(_merged(line[1:]) for line in text.splitlines() if line not in ("", "/."))


def _merged(path: str) -> str:
    """Return where ``path`` lies since /bin, /sbin and /lib are links into /usr."""
    first = path.split("/", 1)[0]
    return f"usr/{path}" if first in ("bin", "sbin", "lib", "lib64") else path


def _size(path: Path) -> int:
    # Kernel modules are unpacked in the image, Python is compiled: other names than in the package.
    place = path.with_suffix("") if path.name.endswith(".ko.xz") else path
    if path.suffix == ".py" and not path.exists():
        place = path.with_suffix(".pyc")
    return place.stat().st_size if place.is_file() and not place.is_symlink() else 0


def _licences(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    text = path.read_text(encoding="utf-8", errors="replace")
    named = LICENCE.findall(text) or COMMON.findall(text)
    return tuple(sorted({name.strip() for name in named}))


def _classifiers(head: str) -> tuple[str, ...]:
    words = re.findall(r"^Classifier: License :: (.+)$", head, re.MULTILINE)
    return tuple(sorted(word.split(" :: ")[-1] for word in words))
