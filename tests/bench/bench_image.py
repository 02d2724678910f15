"""Measure the built image: the medium, its largest parts, the time to build it again.

``NODE_BENCH_COLD=1`` also builds once with an empty cache, which takes many minutes.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from image.manifest import Package, decode_manifest
from tests.bench.figures import ROOT, Figure, report

DIST = ROOT / "dist"
LARGEST = 10


def main() -> int:
    """Report the figures of dist/ and of building it."""
    figures = [*artifact_sizes(DIST), *largest_packages(DIST), build_time(warm=True)]
    if os.environ.get("NODE_BENCH_COLD"):
        figures.append(build_time(warm=False))
    report("image", figures)
    return 0


def artifact_sizes(dist: Path) -> list[Figure]:
    """Return the bytes of what an admin downloads."""
    names = ("node.iso", "node.raucb", "pxe/vmlinuz", "pxe/initrd")
    return [Figure(name, (dist / name).stat().st_size, "bytes") for name in names]


def largest_packages(dist: Path) -> list[Figure]:
    """Return what the packages take in the image, uncompressed: the sum and the largest."""
    newest = (dist / "node.iso").resolve().with_suffix(".manifest.json")
    packages = decode_manifest(newest.read_bytes()).packages

    def installed(package: Package) -> int:
        return package.installed

    largest = sorted(packages, key=installed, reverse=True)[:LARGEST]
    return [
        Figure("installed, all packages", sum(map(installed, packages)), "bytes", "uncompressed"),
        *(Figure(f"  {item.name}", item.installed, "bytes", "uncompressed") for item in largest),
    ]


def build_time(*, warm: bool) -> Figure:
    """Build into a scratch folder and return how long it took."""
    with TemporaryDirectory(prefix="node-bench-", dir="/var/tmp") as folder:
        environment = dict(os.environ)
        if not warm:
            environment["NODE_IMAGE_CACHE"] = f"{folder}/cache"
        argv = (sys.executable, "-m", "image.cli", "build", "--out", f"{folder}/dist")
        began = time.monotonic()
        subprocess.run(argv, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    name = "build, nothing changed" if warm else "build, empty cache"
    return Figure(name, time.monotonic() - began, "s", "natively")


if __name__ == "__main__":
    sys.exit(main())
