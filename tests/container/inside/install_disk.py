"""Install on a loop device with everything real but RAUC, which needs device-mapper, and the ESP
where the kernel of the build machine has no FAT.

Reads one JSON object (disk, image, sha256, consent, stop_at) and prints another: how it ended, the
events (each on standard error too, as it comes), and what the disk looks like afterwards.
``stop_at`` is the last step that is applied.
"""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from node_tui.apply import apply
from node_tui.plan.install import Source, plan_install
from node_tui.plan.machine import BootFiles, Images, Made
from node_tui.system import bios_core, disks
from node_tui.system.gateways import System
from node_tui.system.loader import BOOT_IMAGE, CORE_IMAGE, TargetLoader
from node_tui.system.read_back import checksum
from persist.errors import NodeError
from persist.model import decode_config
from plugins.api.events import Event
from plugins.api.facts import Facts, Link, Usage
from plugins.api.steps import Plan, Progress

# A loop device stands for a disk here.
disks.WHOLE = ("disk", "mpath", "loop")
TEXT = {
    "identity": {"hostname": "node1.example.com"},
    "network": {"links": [{"name": "mgmt", "match": "link", "ipv4": {"method": "dhcp"}}]},
}
CARD = Link(name="ens3", mac="52:54:00:12:34:56", carrier=True, gateways=("192.0.2.1",))


@dataclass
class Copier:
    """Stands for RAUC: writes the image as it is."""

    written: list[str] = field(default_factory=list)

    def write(self, bundle: Path, slot: Made, progress: Progress) -> None:
        """Copy and flush."""
        with bundle.open("rb") as source, slot.device.open("wb") as target:
            while chunk := source.read(2**20):
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        progress(1.0)
        self.written.append(str(slot.device))

    def checksum(self, device: Path, size: int, progress: Progress) -> str:
        """Read back as the real one does."""
        return checksum(device, size, progress)


class WithoutFat(TargetLoader):
    """Stands for the loader: writes GRUB for BIOS, leaves the ESP alone."""

    def install(self, files: BootFiles, progress: Progress) -> None:
        """Check the image as the real one does, then embed."""
        with self._image(files) as image:
            progress(0.5)
            if files.bios:
                bios_core.embed(files.disk, image / BOOT_IMAGE, image / CORE_IMAGE)

    def verify(self, files: BootFiles) -> None:
        """There is nothing to read back."""


def make_system() -> System:
    """Return the gateways of this machine, as real as its kernel allows."""
    images: Images = Copier()
    if "\tvfat\n" in Path("/proc/filesystems").read_text():
        return System(images=images)
    return System(images=images, loader=WithoutFat())


def main() -> None:
    """Do what standard input asks."""
    asked = json.load(sys.stdin)
    told = {"events": [], "error": "", "steps": []}
    try:
        plan = make_plan(asked)
        told["steps"] = plan.describe()
        kept = Plan(plan.name, plan.title, cut(plan, asked["stop_at"]))

        def monitor(event: Event) -> None:
            told["events"].append(event)
            print(event.step, event.state, file=sys.stderr, flush=True)  # noqa: T201

        apply(kept, make_system(), monitor, operation="test")
    except NodeError as error:
        told["error"] = str(error)
    told["disk"] = next(disk for disk in disks.examine_disks() if disk.path == asked["disk"])
    sys.stdout.buffer.write(msgspec.json.encode(told))


def make_plan(asked: dict) -> Plan:
    """Plan with the disks as they are."""
    image = Path(asked["image"])
    facts = Facts(
        product="Node",
        version="1.0.0",
        hostname="",
        boot_mode="live",
        firmware="bios",
        memory=Usage(used=0, total=2 * 2**30),
        disks=disks.examine_disks(),
        links=(CARD,),
    )
    source = Source(image, "1.0.0", image.stat().st_size, asked["sha256"], ("console=ttyS0",))
    install = {"disk": [asked["disk"]], "consent": asked["consent"]}
    return plan_install(decode_config({"version": 1, **TEXT, "install": install}), facts, source)


def cut(plan: Plan, stop_at: str) -> tuple:
    """Return the steps up to ``stop_at``."""
    names = [step.name for step in plan.steps]
    return plan.steps[: names.index(stop_at) + 1] if stop_at else plan.steps


main()
