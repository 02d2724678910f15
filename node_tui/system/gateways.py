"""The gateways that steps work with, put together; tests put fakes together the same way."""

from dataclasses import dataclass, field

from node_tui.plan.machine import ConfigStore, Disks, Images, Loader, Partitioner
from node_tui.system.config_store import TargetConfig
from node_tui.system.loader import TargetLoader
from node_tui.system.rauc import Rauc
from node_tui.system.repart import Repart
from node_tui.system.target_disks import TargetDisks


@dataclass(frozen=True)
class System:
    """This machine: a ``node_tui.plan.machine.Machine``."""

    disks: Disks = field(default_factory=TargetDisks)
    partitioner: Partitioner = field(default_factory=Repart)
    images: Images = field(default_factory=Rauc)
    loader: Loader = field(default_factory=TargetLoader)
    configs: ConfigStore = field(default_factory=TargetConfig)
