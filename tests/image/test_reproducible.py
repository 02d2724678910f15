"""Two builds from one commit and lock, one of them not as root, give the same bytes."""

import hashlib
import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from image.build.cache import SYSTEM_CACHE

pytestmark = pytest.mark.boot_long
REPOSITORY = Path(__file__).parent.parent.parent
# Whoever may use subordinate ids can build; the test takes the first such user of this machine.
# Every user may run this one, which the interpreter of a virtual environment need not be.
PYTHON = "/usr/bin/python3"
SUBUID = Path("/etc/subuid")
PARTS = ("boot/vmlinuz", "boot/initrd.img", "boot/initrd-net.img", "usr/lib/node/manifest.json")


def build(cache: Path, out: Path, keys: Path, *, user: str | None, lock: Path | None) -> None:
    """Build the minimal variant into ``out``, as ``user`` when one is given."""
    argv = [PYTHON, "-m", "image.cli", "build", "--variant=minimal", f"--out={out}"]
    argv += ["--version=9.9.9", f"--key={keys}/development.key", f"--cert={keys}/development.pem"]
    argv += [f"--lock={lock}"] if lock else []
    env = {**os.environ, "NODE_IMAGE_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    env["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), *(path for path in sys.path if path)])
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    done = subprocess.run(
        [*as_user, *argv], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]


def fingerprint(cache: Path, out: Path) -> dict[str, str]:
    newest = json.loads((cache / "newest-minimal.json").read_text())
    rootfs = Path(newest["rootfs"])
    files = {"root.img": Path(newest["root_img"]), "spdx": out / "node-9.9.9.spdx.json"}
    files |= {part: rootfs / part for part in PARTS}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


@pytest.fixture
def builder() -> str:
    if os.geteuid():
        pytest.skip("needs root, to build once as root and once as another user")
    names = [line.split(":")[0] for line in SUBUID.read_text().splitlines()]
    for name in names:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    pytest.skip("needs a user with subordinate ids (adduser makes such a one)")


def test_root_and_rootless_builds_give_the_same_bytes(tmp_path: Path, builder: str) -> None:
    from image.build.keys import development_keys  # noqa: PLC0415 - after the skip
    from image.build.tools import newest_tools  # noqa: PLC0415

    # Not below pytest's own folder: that one is closed for every other user.
    scratch = Path("/var/tmp") / f"node-reproducible-{os.getpid()}"
    try:
        keys = scratch / "keys"
        scratch.mkdir()
        development_keys(keys, newest_tools())
        first, second = scratch / "first", scratch / "second"
        (first / "cache").mkdir(parents=True)
        (second / "cache").mkdir(parents=True)
        if (SYSTEM_CACHE / "archives").is_dir():
            for cache in (first / "cache", second / "cache"):
                shutil.copytree(SYSTEM_CACHE / "archives", cache / "archives")
        build(first / "cache", first / "out", keys, user=None, lock=None)
        for path in (second, *second.rglob("*"), keys, *keys.iterdir()):
            shutil.chown(path, builder, builder)
        lock = first / "out/node-9.9.9.lock.json"
        build(second / "cache", second / "out", keys, user=builder, lock=lock)
        expected = fingerprint(first / "cache", first / "out")
        assert fingerprint(second / "cache", second / "out") == expected
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
