"""Sealing: what made the image leaves it, and nothing of one machine stays inside."""

import shutil
from pathlib import Path

from image.build import host
from image.build.apparmor import CACHE
from image.build.cache import remove_tree
from image.build.inventory import files_of
from image.distro.debian import installed
from persist.errors import StepError
from persist.translation import _

STEP = "seal"
# What a running system writes, and what identifies one.
MACHINE_OWN = (
    "etc/ssh/ssh_host_*",
    "etc/resolv.conf",
    "etc/machine-id",
    "etc/hostname",
    "var/lib/dbus/machine-id",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
    "var/lib/NetworkManager/*",
    "var/lib/dhcp/*",
    "var/lib/chrony/*",
    "var/lib/libvirt/dnsmasq/*",
    "etc/iscsi/initiatorname.iscsi",
    "etc/nvme/hostid",
    "etc/nvme/hostnqn",
    "var/log/*",
    "var/cache/*",
    "var/tmp/*",
    "tmp/*",
    "run/*",
    "dev/*",
    "root/.*",
    "etc/*-",
    "etc/.pwd.lock",
    "etc/apt",
    "var/lib/apt",
    "var/lib/dpkg",
    "var/lib/systemd/deb-systemd-*",
    "var/lib/ucf",
    "var/lib/pam",
    "var/lib/python",
    "var/lib/initramfs-tools",
    "var/lib/tuned",
    "var/backups",
)
# systemd takes an empty file for "not yet known" and makes an id for this boot.
EMPTY = ("etc/machine-id", "etc/hostname", "etc/resolv.conf")
# -B: what Python itself imports here would be written in the other form and then pass for done.
COMPILE = (
    "python3",
    "-I",
    "-B",
    "-m",
    "compileall",
    "-q",
    "-f",
    "--invalidation-mode=unchecked-hash",
)
PYTHON = ("usr/lib/python3.13", "usr/lib/python3/dist-packages", "usr/lib/node/python")
# Whose sources stay, so that a traceback shows the line: our own.
OURS = ("persist", "kickstart", "plugins", "image", "node_tui")


def seal(rootfs: Path, base: Path, build_only: tuple[str, ...]) -> None:
    """Remove the packages ``build_only`` and every trace of this build from ``rootfs``.

    ``base`` still has dpkg's lists.
    """
    remove_packages(rootfs, base, build_only)
    for pattern in MACHINE_OWN:
        for path in rootfs.glob(pattern):
            remove_tree(path)
    for name in EMPTY:
        (rootfs / name).touch(mode=0o644)
    (rootfs / "var/cache").mkdir(exist_ok=True)
    compile_python(rootfs)


def remove_packages(rootfs: Path, base: Path, names: tuple[str, ...]) -> None:
    """Remove the files of ``names`` that no other package of ``base`` has too."""
    packages = installed(base)
    kept = {
        path
        for name, fields in packages.items()
        if name not in names
        for path in files_of(base, name, fields)
    }
    for name in names:
        if name not in packages:
            continue
        paths = set(files_of(base, name, packages[name])) - kept
        for path in sorted(paths, reverse=True):
            place = rootfs / path
            if place.is_symlink() or not place.is_dir():
                place.unlink(missing_ok=True)
            elif not any(place.iterdir()):
                place.rmdir()


def compile_python(rootfs: Path) -> None:
    """Compile every module so that Python trusts the result without looking at any time.

    All files of the image bear one time, by which Python would take its caches for outdated. Of
    modules that are not ours only the compiled form stays, in the module's own place.
    """
    for name in PYTHON:
        folder = rootfs / name
        for cache in folder.rglob("__pycache__"):
            shutil.rmtree(cache)
        host.run([*COMPILE, "-b", f"/{name}"], step=STEP, root=rootfs)
        for source in folder.rglob("*.py"):
            compiled = source.with_suffix(".pyc")
            if source.relative_to(folder).parts[0] in OURS:
                compiled.unlink(missing_ok=True)
            elif compiled.exists():
                source.unlink()
    python = rootfs / PYTHON[-1]
    ours = [
        f"/{path.relative_to(rootfs)}" for path in (python / name for name in OURS) if path.exists()
    ]
    host.run([*COMPILE, *ours], step=STEP, root=rootfs)


def check_sealed(rootfs: Path) -> None:
    """Raise StepError when ``rootfs`` has a file that only a running system makes."""
    if found := leaks(rootfs):
        raise StepError(
            _("step {step}: not part of any image: {files}").format(
                step=STEP, files=", ".join(found)
            ),
            _("what makes them after the sealing must run before it, or not at all"),
        )


def leaks(rootfs: Path) -> list[str]:
    """Return the files below ``rootfs`` that a running system made; an image has none."""
    matching = [path for pattern in MACHINE_OWN for path in rootfs.glob(pattern)]
    found = [below for path in matching for below in (path, *path.rglob("*"))]
    return sorted(
        str(path.relative_to(rootfs))
        for path in found
        if path.is_file() and path.stat().st_size and rootfs / CACHE not in path.parents
    )
