"""The files of ``dist/`` beside bundle, ISO and PXE: papers, links, checksums, the size check."""

import hashlib
import json
from pathlib import Path

from image.build.cache import note_path, read_note, write_whole
from image.build.lock import write_lock
from image.build.progress import Progress
from image.build.sbom import spdx_document
from image.manifest import Manifest, encode_manifest
from kickstart.recipe import MB, Budget, Recipe
from persist.errors import DependencyError, StepError
from persist.translation import _

LARGEST = 10
# How many development builds stay in dist/: each has 300 MB, and every commit makes another one.
KEPT = 3
ENDINGS = ("iso", "raucb", "manifest.json", "spdx.json", "lock.json")


def write_papers(out: Path, manifest: Manifest, tools: Path, base: Path) -> None:
    """Write manifest, SBOM and lock of ``manifest``'s version."""
    name = f"node-{manifest.version}"
    (out / f"{name}.manifest.json").write_bytes(encode_manifest(manifest))
    (out / f"{name}.spdx.json").write_bytes(spdx_document(manifest))
    write_lock(out / f"{name}.lock.json", tools, base)


def link_newest(out: Path, iso: Path, bundle: Path) -> None:
    """Point ``node.iso`` and ``node.raucb`` to the files just built."""
    for link, target in ((out / "node.iso", iso), (out / "node.raucb", bundle)):
        fresh = link.with_name(f"{link.name}.part")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target.name)
        fresh.replace(link)


def write_checksums(out: Path, version: str) -> None:
    """Write SHA256SUMS of this version's files and of the PXE directory."""
    names = sorted(out.glob(f"node-{version}.*")) + sorted(
        path for path in (out / "pxe").rglob("*") if path.is_file() and not path.is_symlink()
    )
    lines = []
    for path in names:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(out)}\n")
    (out / "SHA256SUMS").write_text("".join(lines))


def budget_of(recipe: Recipe, asked: int | None) -> Budget:
    """Return the recipe's budget, its limit replaced by ``asked`` bytes when given."""
    if asked is None:
        return recipe.budget
    return Budget(min(recipe.budget.warn, asked), asked)


def check_size(iso: Path, budget: Budget, manifest: Manifest, progress: Progress) -> None:
    """Warn or raise StepError when ``iso`` is too large, naming the largest packages."""
    size = iso.stat().st_size
    if size <= budget.warn:
        return
    ordered = sorted(manifest.packages, key=lambda package: -package.installed)
    largest = ", ".join(
        f"{package.name} {package.installed / MB:.1f}" for package in ordered[:LARGEST]
    )
    said = _("{name} has {size:.1f} MB; largest packages, MB installed: {largest}").format(
        name=iso.name, size=size / MB, largest=largest
    )
    if size > budget.limit:
        raise StepError(
            said,
            _("the budget is {limit:.0f} MB: take a package out of the recipe").format(
                limit=budget.limit / MB
            ),
        )
    progress.warn(said)


def remember(variant: str, rootfs: Path, root_img: Path) -> None:
    """Note where the newest tree of ``variant`` is, for tests that boot it without an ISO."""
    content = {"rootfs": str(rootfs), "root_img": str(root_img)}
    write_whole(note_path(variant), json.dumps(content))


def newest(variant: str) -> dict[str, str]:
    """Return ``rootfs`` and ``root_img`` of the newest build of ``variant`` on this machine."""
    content = read_note(variant)
    if not content or not all(Path(name).exists() for name in content.values()):
        raise DependencyError(
            "node-image",
            _("no image of {variant} was built on this machine yet").format(variant=variant),
            _("run ./dev image --variant {variant}").format(variant=variant),
        )
    return content


def forget_old_builds(out: Path, newest_version: str) -> None:
    """Remove all but the newest development builds from ``out``; a release stays for ever."""
    for path in out.glob("node-*.part"):
        path.unlink()
    builds = sorted(out.glob("node-*.iso"), key=lambda path: -path.stat().st_mtime)
    versions = [path.stem.removeprefix("node-") for path in builds]
    for version in [name for name in versions if "~dev" in name][KEPT:]:
        if version != newest_version:
            for ending in ENDINGS:
                (out / f"node-{version}.{ending}").unlink(missing_ok=True)
