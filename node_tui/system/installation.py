"""Everything that an installation is planned from, gathered from a live system."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from kickstart.arguments import parse_command_line
from kickstart.merge import merge_config
from node_tui.plan.install import Source, plan_install
from node_tui.system.disks import examine_disks
from node_tui.system.install_source import find_bundle, read_source
from persist.errors import PlanError
from persist.model import NodeConfig
from persist.translation import _
from plugins.api.facts import Facts
from plugins.api.steps import Plan

COMMAND_LINE = Path("/proc/cmdline")


@dataclass(frozen=True)
class Prepared:
    """What is asked, what is, and what there is to install."""

    config: NodeConfig
    facts: Facts
    source: Source

    def plan(self) -> Plan:
        """Return the plan; PlanError when it cannot or must not be done."""
        return plan_install(self.config, self.facts, self.source)


def prepare(facts: Facts, command_line: Path = COMMAND_LINE) -> Prepared:
    """Return config, facts and source of an unattended installation of this live system.

    ``facts`` are the usual ones; their disks are replaced by a thorough look at every disk. Reads
    the kernel arguments strictly (ConfigError: an argument is wrong) and checks the signature of
    the bundle (BundleError). Writes nothing but below ``/run/node``. Used as
    ``apply(prepare(facts).plan(), System(), monitor, operation=id)``.
    """
    arguments = parse_command_line(command_line.read_text())
    merged = merge_config(None, arguments)
    if merged.install.stateless:
        raise PlanError(
            _("The kernel arguments ask for a stateless node: no disk may be touched"),
            _("Leave out stateless to install."),
        )
    seen = msgspec.structs.replace(facts, disks=examine_disks())
    source = read_source(find_bundle(), merged.install.kernel_arguments)
    return Prepared(merged.config, seen, source)
