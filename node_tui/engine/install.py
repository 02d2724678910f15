"""Install this node: kernel arguments -> config -> plan -> an operation that applies it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kickstart.arguments import parse_command_line
from kickstart.merge import merge_config
from node_tui.apply import apply
from node_tui.engine.operations import Operations
from node_tui.plan.install import Source, plan_install
from node_tui.plan.machine import Machine
from node_tui.system.disks import examine_disks
from node_tui.system.gateways import System
from node_tui.system.install_source import find_bundle, read_source
from persist.errors import NodeError
from persist.translation import _
from plugins.api.events import Operation
from plugins.api.facts import Disk, Facts
from plugins.api.steps import Plan

COMMAND_LINE = "proc/cmdline"


def find_source(root: Path, arguments: tuple[str, ...]) -> Source:
    """Return the verified bundle that this live system was started from."""
    return read_source(find_bundle(root), arguments)


@dataclass(frozen=True)
class Installer:
    """What an installation looks at and works with; tests replace what touches a disk."""

    read_facts: Callable[[], Facts]
    root: Path = Path("/")
    examine_disks: Callable[[], tuple[Disk, ...]] = examine_disks
    find_source: Callable[[Path, tuple[str, ...]], Source] = find_source
    system: Callable[[], Machine] = System

    def install(self, operations: Operations, *, dry_run: bool) -> Operation:
        """Start the installation and return its operation; with ``dry_run`` return the plan.

        Every refusal comes from here, before anything is written: ConfigError, PlanError,
        BundleError.
        """
        if not dry_run:
            operations.refuse_when_busy()
        try:
            plan = self.plan()
        except NodeError as error:
            # Whoever watches the console must see the reason too, not only the one who asked.
            if not dry_run:
                operations.refuse("install", _("Installation"), error)
            raise
        steps = tuple(plan.describe())
        if dry_run:
            return Operation(id="", kind=plan.name, title=plan.title, state="done", steps=steps)
        system = self.system()
        return operations.start(
            plan.name,
            plan.title,
            steps,
            lambda monitor: apply(plan, system, monitor, operation=plan.name),
        )

    def plan(self) -> Plan:
        """Return the plan for this machine as it is now."""
        line = (self.root / COMMAND_LINE).read_text(encoding="utf-8", errors="surrogateescape")
        asked = merge_config(None, parse_command_line(line))
        facts = msgspec.structs.replace(self.read_facts(), disks=self.examine_disks())
        source = self.find_source(self.root, asked.install.kernel_arguments)
        return plan_install(asked.config, facts, source)
