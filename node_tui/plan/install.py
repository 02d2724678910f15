"""Plan an installation: every doubt becomes an error here, before anything is touched. Pure."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from node_tui.plan.disks import choose_disk, name_disk
from node_tui.plan.install_steps import (
    CheckDisk,
    Finish,
    MakeBootable,
    PartitionDisk,
    SaveConfig,
    VerifySlot,
    WriteSlot,
)
from node_tui.plan.layout import DATA, DATA_LEAST, Layout, Sizes, lay_out, words
from node_tui.plan.machine import FirstGeneration
from persist.errors import PlanError
from persist.model import Install, NodeConfig
from persist.model.secret import Secret
from persist.toml import dump_config
from persist.translation import _
from plugins.api.facts import Disk, Facts, Link
from plugins.api.steps import Plan


@dataclass(frozen=True, slots=True)
class Source:
    """The verified bundle to install: ``size`` and ``sha256`` are those of the image inside.

    ``arguments`` are the foreign kernel arguments that the installed system shall start with.
    """

    bundle: Path
    version: str
    size: int
    sha256: str
    arguments: tuple[str, ...] = ()


def plan_install(config: NodeConfig, facts: Facts, source: Source) -> Plan:
    """Return the plan that puts ``source`` on the disk that ``config.install`` means.

    Raises PlanError with the reason when it cannot or must not be done. ``facts.disks`` must come
    from a thorough look (``examine_disks``).
    """
    if facts.boot_mode != "live":
        raise PlanError(
            _("This system runs in mode {mode}; only a live system installs").format(
                mode=facts.boot_mode
            ),
            _("Boot the installation medium or the network image without stateless."),
        )
    asked = config.install

    def layout_for(disk: Disk) -> Layout:
        return _lay_out(disk, asked, facts, source)

    disk = choose_disk(asked.disk, asked.consent, facts.disks, lambda it: layout_for(it).minimum)
    return Plan(
        name="install",
        title=_("Install version {version} on {disk}").format(
            version=source.version, disk=name_disk(disk)
        ),
        steps=(
            CheckDisk(disk),
            PartitionDisk(disk.path, layout_for(disk)),
            WriteSlot(disk.path, source.bundle, source.version),
            VerifySlot(disk.path, source.size, source.sha256),
            # Before anything can start it: a node without its config would let nobody in.
            SaveConfig(disk.path, _first_generation(config, facts, source)),
            MakeBootable(disk.path, disk.sector_size, source.arguments),
            Finish(disk.path),
        ),
    )


def _lay_out(disk: Disk, asked: Install, facts: Facts, source: Source) -> Layout:
    if asked.data_size is not None and asked.data_size < DATA_LEAST:
        raise PlanError(
            _("{label} of {size} is too small").format(label=DATA, size=words(asked.data_size)),
            _("Ask for at least {least} in install.data_size, or leave it out.").format(
                least=words(DATA_LEAST)
            ),
        )
    sizes = Sizes(
        slot=asked.slot_size,
        config=asked.config_size,
        logging=asked.logging_size,
        swap=asked.swap_size,
        data=asked.data_size,
    )
    return lay_out(
        disk_size=disk.size,
        sector_size=disk.sector_size,
        image_size=source.size,
        memory=facts.memory.total if facts.memory else 0,
        sizes=sizes,
    )


def _first_generation(config: NodeConfig, facts: Facts, source: Source) -> FirstGeneration:
    kept = settled_config(config, facts.links)
    return FirstGeneration(Secret(dump_config(kept)), source.version)


def settled_config(config: NodeConfig, links: tuple[Link, ...]) -> NodeConfig:
    """Return the config that the installed node keeps.

    The install section described this one operation: its consent and tokens must not outlive it.
    ``BOOTIF=link`` becomes the card that has carrier now: at a later boot another one might.
    """
    network = config.network
    card = _card_with_carrier(links)
    if network.links and card is not None:
        settled = tuple(
            msgspec.structs.replace(link, match=card.mac) if link.match == "link" else link
            for link in network.links
        )
        network = msgspec.structs.replace(network, links=settled)
    return msgspec.structs.replace(config, network=network, install=Install())


def _card_with_carrier(links: tuple[Link, ...]) -> Link | None:
    """Return the card that BOOTIF=link means: one with a gateway before one with only carrier."""
    cards = [link for link in links if link.carrier and link.mac and link.kind == "ethernet"]
    return next((link for link in cards if link.gateways), cards[0] if cards else None)
