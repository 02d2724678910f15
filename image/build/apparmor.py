"""AppArmor profiles compiled at build time, so that a node does not compile them at each boot."""

import shutil
from pathlib import Path

from image.build import host

STEP = "apparmor"
# What /sys/kernel/security/apparmor/features of the image's kernel says, in the parser's own form.
# Another kernel with other features finds no cache for itself and compiles, which is only slow.
FEATURES = Path(__file__).parent / "data/apparmor-features"
PROFILES = Path("etc/apparmor.d")
CACHE = Path("var/cache/apparmor")


def compile_profiles(rootfs: Path) -> None:
    """Fill /var/cache/apparmor of ``rootfs`` for the profiles in its /etc/apparmor.d."""
    if not (rootfs / "usr/sbin/apparmor_parser").exists():
        return
    inside = rootfs / PROFILES / FEATURES.name
    shutil.copyfile(FEATURES, inside)
    (rootfs / CACHE).mkdir(parents=True, exist_ok=True)
    argv = ["apparmor_parser", f"--kernel-features=/{PROFILES / FEATURES.name}"]
    argv += ["--skip-kernel-load", "--write-cache", f"--cache-loc=/{CACHE}"]
    profiles = [path for path in sorted((rootfs / PROFILES).iterdir()) if path.is_file()]
    names = [f"/{path.relative_to(rootfs)}" for path in profiles if path != inside]
    try:
        host.run([*argv, *names], step=STEP, root=rootfs)
    finally:
        inside.unlink()
