"""RAUC over D-Bus, with a configuration of one slot: the only writer of slots.

Sources: RAUC reference manual (D-Bus API, system.conf), seen with RAUC 1.13.
"""

import configparser
import io
import logging
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node_tui.plan.machine import Made
from node_tui.system.command import run
from node_tui.system.rauc_bus import NAME, install_bundle
from node_tui.system.read_back import checksum
from persist.errors import BundleError, NodeError, StepError
from persist.translation import _
from plugins.api.steps import Progress

log = logging.getLogger(__name__)

KEYRING = Path("/etc/rauc/keyring.pem")
INSTALL_FOLDER = Path("/run/node/rauc")
# Not rauc.service: that one belongs to an installed node and waits for its /config.
UNIT = "node-install-rauc.service"
# When the engine dies, nobody may go on writing to a disk that its successor partitions anew.
ENGINE = "node-engine.service"
IMAGE_UNIT = "rauc.service"
MOUNTS = "rauc/mnt"
NOT_LOADED = 5
# RAUC's own word for "no slot of this config runs": without it, it looks for the booted slot in
# the kernel command line of the live system and refuses to start.
EXTERNAL = "_external_"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Rauc:
    """The images of ``node_tui.plan.machine``."""

    def __init__(
        self,
        keyring: Path = KEYRING,
        folder: Path = INSTALL_FOLDER,
    ) -> None:
        self._keyring = keyring
        self._folder = folder

    def write(self, bundle: Path, slot: Made, progress: Progress) -> None:
        """Let RAUC verify ``bundle`` and write its image to ``slot``."""
        check_keyring(self._keyring)
        text = render_config(self._keyring, self._folder, slot)
        with self._service(text):
            install_bundle(bundle.resolve(), progress)

    def checksum(self, device: Path, size: int, progress: Progress) -> str:
        """Return the SHA-256 of what is on the disk."""
        return checksum(device, size, progress)

    @contextmanager
    def _service(self, config: str) -> Iterator[None]:
        """Run RAUC with ``config`` as a service of this installation only."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / "install.conf"
        path.write_text(config)
        _stop()
        try:
            _start(path)
            yield
        finally:
            _stop()


def _start(config: Path) -> None:
    """Start the service; tell its own words when it does not start."""
    try:
        run(start_command(config), timeout=120)
    except StepError as error:
        told = run(["journalctl", "--boot", f"--unit={UNIT}", "--lines=8", "--output=cat"]).stdout
        raise StepError(
            _("RAUC does not start: {reason}").format(reason=error.message), told.strip()
        ) from None


def start_command(config: Path) -> list[str]:
    """Return the command that starts RAUC with ``config``, as on no slot, and waits for it."""
    return [
        "systemd-run",
        "--quiet",
        "--collect",
        f"--unit={UNIT}",
        "--service-type=dbus",
        f"--property=BusName={NAME}",
        f"--property=RuntimeDirectory={MOUNTS}",
        "--property=MountFlags=slave",
        f"--property=BindsTo={ENGINE}",
        f"--property=After={ENGINE}",
        "/usr/bin/rauc",
        f"--conf={config}",
        f"--mount=/run/{MOUNTS}",
        "service",
        f"--override-boot-slot={EXTERNAL}",
    ]


def _stop() -> None:
    """Stop whatever has RAUC's name; what went wrong before is more important than this."""
    try:
        run(["systemctl", "stop", UNIT, IMAGE_UNIT], timeout=120, accept=(0, NOT_LOADED))
    except NodeError as error:
        log.warning("%s", error)


def compatible() -> str:
    """Return RAUC's word for the bundles that this machine takes, as ``image.build`` writes it."""
    return f"node-{_ARCHITECTURES.get(platform.machine(), platform.machine())}"


def check_keyring(keyring: Path) -> None:
    """Raise BundleError when there is nothing to check a signature against."""
    if not keyring.exists():
        raise BundleError(
            _("The keyring {path} that bundles are checked against is missing").format(
                path=keyring
            ),
            _("Boot a complete image: without it no bundle can be trusted."),
        )


def render_config(keyring: Path, folder: Path, slot: Made | None = None) -> str:
    """Return a configuration whose only slot is ``slot``: RAUC cannot choose another one.

    Not the image's own one: that names the devices of an installed system.
    """
    config = configparser.ConfigParser(interpolation=None)
    config["system"] = {
        "compatible": compatible(),
        "bootloader": "noop",
        "bundle-formats": "verity",
        "activate-installed": "false",
        "data-directory": str(folder),
    }
    # A machine whose clock is wrong must still be able to install what was signed well.
    config["keyring"] = {"path": str(keyring), "use-bundle-signing-time": "true"}
    if slot is not None:
        config["slot.root.0"] = {"device": str(slot.device), "type": "raw", "bootname": "A"}
    text = io.StringIO()
    config.write(text, space_around_delimiters=False)
    return text.getvalue()
