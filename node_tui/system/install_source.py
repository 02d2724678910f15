"""Where the image of a live system comes from, and what its signed manifest says about it."""

import os
import re
from pathlib import Path

import msgspec
from msgspec import Struct

from node_tui.plan.install import Source
from node_tui.system.boot_mode import read_boot
from node_tui.system.command import run
from node_tui.system.rauc import KEYRING, check_keyring, render_config
from persist.errors import BundleError, NodeError, PlanError, StepError
from persist.translation import _

BUNDLE = Path("/run/node/node.raucb")
IMAGE_NAME = "root.img"
CHECK_CONFIG = Path("/run/node/rauc/check.conf")
IMAGE_ARGUMENTS = Path("/boot/node.cfg")
_ARGUMENTS = re.compile(r'^set args="(.*)"$', re.MULTILINE)


class Image(Struct):
    """One image of ``rauc info``'s JSON; ``checksum`` is SHA-256 in hex."""

    filename: str
    checksum: str
    size: int


class Update(Struct):
    """The update section of ``rauc info``'s JSON."""

    compatible: str
    version: str = ""


class BundleInfo(Struct):
    """What ``rauc info --output-format=json-2`` tells of a bundle whose signature it accepted."""

    update: Update
    images: tuple[Image, ...] = ()


def find_bundle(root: Path = Path("/")) -> Path:
    """Return the bundle this live system was started from, links resolved.

    Raises PlanError when the system was not started from one.
    """
    told = read_boot(root).bundle
    for candidate in (root / BUNDLE.relative_to("/"), Path(told) if told else None):
        if candidate is not None and candidate.exists():
            return Path(os.path.realpath(candidate))
    raise PlanError(
        _("This system was not started from a bundle, so there is nothing to install"),
        _("Boot the installation medium, or give node.bundle=http://SERVER/node.raucb."),
    )


def read_source(bundle: Path, arguments: tuple[str, ...] = ()) -> Source:
    """Check the signature of ``bundle`` and return what is in it; BundleError when it is wrong."""
    config = _write_check_config(CHECK_CONFIG)
    machine = machine_arguments(arguments, read_image_arguments(IMAGE_ARGUMENTS))
    argv = ["rauc", f"--conf={config}", "info", "--output-format=json-2", "--"]
    try:
        told = run([*argv, bundle], timeout=300).stdout
    except StepError as error:
        raise BundleError(
            _("The bundle {bundle} is not accepted").format(bundle=bundle),
            error.hint or error.message,
        ) from None
    return parse_source(told, bundle, machine)


def parse_source(told: str, bundle: Path, arguments: tuple[str, ...]) -> Source:
    """Return the source that ``rauc info``'s JSON describes. Pure."""
    try:
        info = msgspec.json.decode(told, type=BundleInfo)
    except msgspec.DecodeError as error:
        raise BundleError(
            _("rauc told something unexpected of {bundle}: {error}").format(
                bundle=bundle, error=error
            )
        ) from None
    found = [image for image in info.images if image.filename == IMAGE_NAME]
    if len(found) != 1:
        raise BundleError(
            _("The bundle {bundle} holds no {image}").format(bundle=bundle, image=IMAGE_NAME),
            _("It was not made for a node. Use the bundle of this release."),
        )
    return Source(bundle, info.update.version, found[0].size, found[0].checksum, arguments)


def read_image_arguments(node_cfg: Path) -> frozenset[str]:
    """Return the kernel arguments that the running image gives itself, whatever starts it."""
    try:
        text = node_cfg.read_text()
    except FileNotFoundError:
        return frozenset()
    found = _ARGUMENTS.search(text)
    return frozenset(found[1].split()) if found else frozenset()


def machine_arguments(given: tuple[str, ...], image: frozenset[str]) -> tuple[str, ...]:
    """Return the arguments that belong to this machine and must outlive its images.

    Those of the image come back with every image: kept here, those of today would outlive it.
    """
    return tuple(dict.fromkeys(word for word in given if word not in image))


def _write_check_config(path: Path) -> Path:
    """Write what ``rauc info`` must know: the keyring, and to trust the signing time."""
    check_keyring(KEYRING)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(render_config(KEYRING, path.parent))
    except OSError as error:
        raise NodeError(
            _("{path} cannot be written: {reason}").format(path=path, reason=error.strerror),
            _("Is the memory of this machine full?"),
        ) from None
    return path
