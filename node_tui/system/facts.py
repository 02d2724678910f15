"""All facts of this machine at one moment, each source isolated from the others."""

import os
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from node_tui.system.boot_mode import is_secure_boot, read_boot, read_firmware
from node_tui.system.console_access import is_console_open
from node_tui.system.disk_watch import DiskWatch
from node_tui.system.guests import GuestWatch
from node_tui.system.network import KernelAddresses, read_links
from node_tui.system.release import read_release, read_signer
from node_tui.system.slots import SlotKeeper
from node_tui.system.sources import Source, Sources
from node_tui.system.ssh import is_open, read_host_keys
from node_tui.system.usage import CpuMeter, read_data, read_memory, read_uptime
from persist.errors import PlanError
from persist.translation import _
from plugins.api.facts import Facts

SECONDS_FOR_ALL = 0.45
SECONDS_BETWEEN_LOOKS = 0.1
NEEDED_BY_PLANS = frozenset(("boot", "firmware", "load", "links"))


class FactsReader:
    """Gathers the facts; ``root`` is ``/`` on a node and a folder in tests."""

    def __init__(
        self, slots: SlotKeeper, root: Path = Path("/"), *, seconds: float = SECONDS_FOR_ALL
    ) -> None:
        self._lock = Lock()
        self._sources = Sources(_sources(root, slots), seconds=seconds)

    def read(self) -> Facts:
        """Return a snapshot within the deadline; what did not answer stands in ``unavailable``."""
        with self._lock:
            fields, missing = self._sources.ask()
        known: dict[str, Any] = {
            "product": "Node",
            "version": "",
            "hostname": "",
            "boot_mode": "live",
            "firmware": "bios",
        }
        return Facts(**(known | fields | {"unavailable": missing}))

    def read_for_a_plan(self) -> Facts:
        """Return facts that a plan may rest on; PlanError when one that plans need is not known.

        A status page shows a gap as such. A plan would take the value that stands in its place for
        the truth: a machine without links, without memory, or started live.
        """
        while True:
            facts = self.read()
            gaps = [gap for gap in facts.unavailable if gap.source in NEEDED_BY_PLANS]
            for gap in gaps:
                if not gap.pending:
                    raise PlanError(
                        _("{source} of this machine is not known: {reason}").format(
                            source=gap.source, reason=gap.reason
                        ),
                        _("The journal of node-engine has the details; start this machine again."),
                    )
            if not gaps:
                return facts
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _sources(root: Path, slots: SlotKeeper) -> Mapping[str, Source]:
    cpu = CpuMeter(root)
    disks = DiskWatch(root)
    guests = GuestWatch(root)
    addresses = KernelAddresses()
    return {
        "release": lambda: _release(root),
        "image": lambda: {"signed_by": read_signer(root)},
        "hostname": lambda: {"hostname": socket.gethostname()},
        "boot": lambda: {"boot_mode": read_boot(root).mode},
        "firmware": lambda: {"firmware": read_firmware(root), "secure_boot": is_secure_boot(root)},
        "load": lambda: _load(root, cpu),
        "data": lambda: {"data": read_data(root)},
        "links": lambda: {"links": read_links(root, addresses)},
        "disks": lambda: {"disks": disks.read()},
        "slots": lambda: {"slots": slots.read()},
        "ssh": lambda: {"host_keys": read_host_keys(root), "ssh_open": is_open(root)},
        "console": lambda: {"console_open": is_console_open(root)},
        "guests": lambda: _guests(root, guests),
    }


def _release(root: Path) -> dict[str, Any]:
    release = read_release(root)
    return {"product": release.product, "version": release.version}


def _load(root: Path, cpu: CpuMeter) -> dict[str, Any]:
    return {
        "clock": datetime.now(UTC).isoformat(timespec="seconds"),
        "uptime": read_uptime(root),
        "cpus": os.cpu_count() or 1,
        "cpu": cpu.read(),
        "memory": read_memory(root),
        "virtualisation": (root / "dev/kvm").exists(),
    }


def _guests(root: Path, guests: GuestWatch) -> dict[str, Any]:
    """Return the guests of a hypervisor; a minimal image has none to count."""
    return {"guests": guests.count() if read_release(root).variant == "hypervisor" else None}
