"""``[install]``: how the node is put on disk."""

from typing import Annotated

from msgspec import Meta, Struct

from persist.errors import ConfigError
from persist.model.checks import check_range, check_unique
from persist.model.selectors import parse_selector
from persist.sizes import Size
from persist.translation import _

_MIB = 2**20
SMALLEST_SLOT = Size(128 * _MIB)
SMALLEST_CONFIG = Size(16 * _MIB)


class Install(Struct, frozen=True, kw_only=True):
    """Sizes left out are computed by the installer from the machine and the image."""

    disk: Annotated[
        tuple[str, ...],
        Meta(description="Selectors of the system disk; the first that matches one disk wins."),
    ] = ()
    consent: Annotated[
        tuple[str, ...],
        Meta(description="Selectors of disks with foreign contents that may be erased."),
    ] = ()
    slot_size: Annotated[Size | None, Meta(description="Size of each root slot.")] = None
    config_size: Annotated[Size | None, Meta(description="Size of the Config partition.")] = None
    logging_size: Annotated[Size | None, Meta(description="Size of the Logging partition.")] = None
    swap_size: Annotated[Size | None, Meta(description="Size of swap; 0 for none.")] = None
    data_size: Annotated[
        Size | None, Meta(description="Size of Data; left out, it takes the rest.")
    ] = None
    reboot: Annotated[bool, Meta(description="Reboot when the installation is done.")] = True
    reboot_delay: Annotated[int, Meta(description="Seconds to wait before that reboot.")] = 0
    reinstall: Annotated[bool, Meta(description="Install again over a node of ours.")] = False
    token: Annotated[
        str, Meta(description="Any word; a node obeys each token for reinstalling once.")
    ] = ""

    def __post_init__(self) -> None:
        for name in ("disk", "consent"):
            values: tuple[str, ...] = getattr(self, name)
            for index, value in enumerate(values):
                parse_selector(f"{name}.{index}", value)
            check_unique(name, values)
        if "only" in self.consent:
            raise ConfigError(
                "consent",
                _("'only' does not name a disk"),
                _("Name what may be erased: serial:..., wwn:... or /dev/disk/by-id/..."),
            )
        check_range("reboot_delay", self.reboot_delay, 0, 86400)
        _check_smallest("slot_size", self.slot_size, SMALLEST_SLOT)
        _check_smallest("config_size", self.config_size, SMALLEST_CONFIG)
        _check_smallest("logging_size", self.logging_size, Size(64 * _MIB))
        if self.token and not self.token.isprintable():
            raise ConfigError(
                "token",
                _("{value!r} is not a word").format(value=self.token),
                _("Use any printable word."),
            )


def _check_smallest(name: str, size: Size | None, smallest: Size) -> None:
    if size is not None and size < smallest:
        raise ConfigError(
            name,
            _("{value} is too small").format(value=size),
            _("Use at least {least}.").format(least=smallest),
        )
