"""RAUC over D-Bus, with a configuration of one slot: the only writer of slots.

Sources: RAUC reference manual (D-Bus API, system.conf), seen with RAUC 1.13.
"""

import configparser
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node_tui.plan.machine import Made
from node_tui.system.command import run
from node_tui.system.rauc_bus import install_bundle
from node_tui.system.read_back import checksum
from persist.errors import BundleError, DependencyError
from persist.translation import _
from plugins.api.steps import Progress

log = logging.getLogger(__name__)

IMAGE_CONFIG = Path("/etc/rauc/system.conf")
INSTALL_FOLDER = Path("/run/node/rauc")
DROP_IN = Path("/run/systemd/system/rauc.service.d/90-node-install.conf")
UNIT = "rauc.service"
# RAUC's own word for "no slot of this config runs": without it, it looks for the booted slot in
# the kernel command line of the live system and refuses to start.
EXTERNAL = "_external_"


class Rauc:
    """The images of ``node_tui.plan.machine``."""

    def __init__(
        self,
        image_config: Path = IMAGE_CONFIG,
        folder: Path = INSTALL_FOLDER,
        drop_in: Path = DROP_IN,
    ) -> None:
        self._image_config = image_config
        self._folder = folder
        self._drop_in = drop_in

    def write(self, bundle: Path, slot: Made, progress: Progress) -> None:
        """Let RAUC verify ``bundle`` and write its image to ``slot``."""
        text = render_config(read_image_config(self._image_config), slot, self._folder)
        with self._service(text):
            install_bundle(bundle.resolve(), progress)

    def checksum(self, device: Path, size: int, progress: Progress) -> str:
        """Return the SHA-256 of what is on the disk."""
        return checksum(device, size, progress)

    @contextmanager
    def _service(self, config: str) -> Iterator[None]:
        """Run RAUC's service with ``config``, and put the service back afterwards."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / "install.conf"
        path.write_text(config)
        self._drop_in.parent.mkdir(parents=True, exist_ok=True)
        self._drop_in.write_text(render_drop_in(path))
        try:
            _restart()
            yield
        finally:
            self._drop_in.unlink(missing_ok=True)
            run(["systemctl", "stop", UNIT], timeout=60)
            run(["systemctl", "daemon-reload"], timeout=60)


def _restart() -> None:
    run(["systemctl", "daemon-reload"], timeout=60)
    run(["systemctl", "restart", UNIT], timeout=60)


def read_image_config(path: Path) -> configparser.ConfigParser:
    """Return the image's own RAUC configuration: it names the keyring and what is compatible."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text())
    except FileNotFoundError:
        raise DependencyError(
            "rauc",
            _("This image has no RAUC configuration ({path})").format(path=path),
            _("Boot a complete image; if this is one, report it as a fault of the image."),
        ) from None
    if parser.has_option("keyring", "path"):
        # A relative path is relative to the configuration it stands in, and ours lies elsewhere.
        keyring = path.parent / parser["keyring"]["path"]
        parser["keyring"]["path"] = str(keyring)
        if not keyring.exists():
            raise BundleError(
                _("The keyring {path} that bundles are checked against is missing").format(
                    path=keyring
                ),
                _("Boot a complete image: without it no bundle can be trusted."),
            )
    return parser


def render_config(image: configparser.ConfigParser, slot: Made, folder: Path) -> str:
    """Return a configuration whose only slot is ``slot``: RAUC cannot choose another one."""
    config = configparser.ConfigParser(interpolation=None)
    config["system"] = {
        "compatible": image.get("system", "compatible", fallback="node-amd64"),
        "bootloader": "noop",
        "bundle-formats": "verity",
        "activate-installed": "false",
        "data-directory": str(folder),
    }
    if image.has_section("keyring"):
        config["keyring"] = dict(image["keyring"])
    config["slot.root.0"] = {"device": str(slot.device), "type": "raw", "bootname": "A"}
    text = io.StringIO()
    config.write(text, space_around_delimiters=False)
    return text.getvalue()


def render_drop_in(config: Path) -> str:
    """Return the drop-in that starts the service with ``config``, as on no slot at all."""
    command = (
        f"/usr/bin/rauc --conf={config} --mount=/run/rauc/mnt"
        f" service --override-boot-slot={EXTERNAL}"
    )
    return f"[Service]\nExecStart=\nExecStart={command}\n"
