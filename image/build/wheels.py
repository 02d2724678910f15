"""Pure wheels of the lock, unpacked for the target's Python."""

import sys
from pathlib import Path

from image.build import host
from image.build.cache import cached_folder, input_hash, remove_tree

LOCK = Path(__file__).parent.parent.parent / "requirements/node.lock"
PYTHON_VERSION = "3.13"
# What no page of ours ever loads: Textual's demo, the languages of Pygments, which colours nothing
# here but Python tracebacks.
DROPPED = ("textual/demo", "textual/tree-sitter", "pygments/styles/_mapping.py.orig", "bin")
STEP = "wheels"


def wheels_tree() -> Path:
    """Return a folder with the packages of ``requirements/node.lock``, hashes checked by pip."""
    key = input_hash(LOCK.read_text(), PYTHON_VERSION, DROPPED)

    def make(tree: Path) -> None:
        argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        argv += ["--require-hashes", "--no-deps", "--no-compile", "--target", str(tree)]
        argv += ["--python-version", PYTHON_VERSION, "--only-binary=:all:"]
        host.run([*argv, "--requirement", LOCK], step=STEP)
        for name in DROPPED:
            remove_tree(tree / name)

    return cached_folder(STEP, key, make)
