"""Pure wheels of the lock, unpacked for the target's Python."""

import os
import sys
from pathlib import Path

from image.build import host
from image.build.cache import cached_folder, input_hash, remove_tree

LOCK = Path(__file__).parent / "node.lock"
PYTHON_VERSION = "3.13"
# What cannot load on a node (other systems, other web servers, test tools) or never does: Textual's
# demo, and the languages of Pygments, which colours nothing here but Python's tracebacks.
DROPPED = (
    "anyio/_backends/_trio.py",
    "anyio/pytest_plugin.py",
    "bin",
    "click/_winconsole.py",
    "platformdirs/pytest_plugin.py",
    "pygments/lexers/[a-z]*.py",
    "pygments/sphinxext.py",
    "rich/_win32_console.py",
    "rich/_windows_renderer.py",
    "starlette/middleware/opentelemetry.py",
    "starlette/middleware/sessions.py",
    "starlette/testclient.py",
    "textual/demo",
    "textual/drivers/win*.py",
    "uvicorn/loops/*uvloop.py",
    "uvicorn/protocols/http/*zttp*.py",
    "uvicorn/protocols/http/httptools_impl.py",
    "uvicorn/protocols/websockets/w*.py",
    "uvicorn/supervisors/watchfilesreload.py",
    "uvicorn/workers.py",
)
KEPT = ("pygments/lexers/python.py", "pygments/lexers/special.py")
STEP = "wheels"
# What the installer notes about its own run; releases of pip differ in it.
RECORDS = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")
# Where the user's or the CI's settings of pip stand: index, proxy, certificates.
SETTINGS = ("HOME", "XDG_CONFIG_HOME", "REQUESTS_CA_BUNDLE")


def wheels_tree() -> Path:
    """Return a folder with the packages of ``node.lock``, hashes checked by pip."""
    key = input_hash(LOCK.read_text(), PYTHON_VERSION, DROPPED, KEPT, RECORDS)

    def make(tree: Path) -> None:
        argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        argv += ["--require-hashes", "--no-deps", "--no-compile", "--target", str(tree)]
        argv += ["--python-version", PYTHON_VERSION, "--only-binary=:all:"]
        host.run([*argv, "--requirement", LOCK], step=STEP, env=pip_environment())
        kept = {tree / name for name in KEPT}
        for path in sorted({path for name in DROPPED for path in tree.glob(name)} - kept):
            remove_tree(path)
        for path in (path for name in RECORDS for path in tree.glob(f"*.dist-info/{name}")):
            path.unlink()

    return cached_folder(STEP, key, make)


def pip_environment() -> dict[str, str]:
    """Return what pip must see of this host's environment to find its index."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in SETTINGS or name.startswith("PIP_")
    }
