"""The steps of an installation, in the order in which they run."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from node_tui.plan.disks import name_disk
from node_tui.plan.layout import CONFIG, ESP, ROOT_A, Layout, words
from node_tui.plan.machine import BootFiles, FirstGeneration, Machine, Made
from persist.errors import StepError, VerificationError
from persist.translation import _
from plugins.api.facts import Disk
from plugins.api.steps import Progress

# What must be the same, and what must not differ: udev may not have told these at one of the looks.
SAME = ("size", "sector_size", "owner", "contents", "node_generation", "groups", "problem")
NOT_DIFFERENT = ("model", "serial", "wwn")


@dataclass(frozen=True)
class CheckDisk:
    """Look once more, just before the first write: names of disks move, contents appear."""

    name: ClassVar[str] = "check-disk"
    weight: ClassVar[float] = 1.0
    disk: Disk

    def describe(self) -> str:
        """Say which disk."""
        return _("Check that {disk} is still the disk that was chosen").format(
            disk=name_disk(self.disk)
        )

    def apply(self, system: Machine, progress: Progress) -> None:  # noqa: ARG002
        """Compare identity and contents with what the plan was made for."""
        now = system.disks.examine(self.disk.path)
        changed = [*_differing(self.disk, now)]
        if changed:
            raise StepError(
                _("{disk} is not what it was when the plan was made: {changed} changed").format(
                    disk=name_disk(self.disk), changed=", ".join(changed)
                ),
                _("Nothing was written. Now there: {disk}. Start the installation again.").format(
                    disk=name_disk(now)
                ),
            )

    def verify(self, system: Machine) -> None:
        """Nothing was changed."""


def _differing(planned: Disk, now: Disk) -> Iterator[str]:
    for name in SAME:
        if getattr(planned, name) != getattr(now, name):
            yield name
    for name in NOT_DIFFERENT:
        values = {getattr(planned, name), getattr(now, name)} - {""}
        if len(values) > 1:
            yield name


@dataclass(frozen=True)
class PartitionDisk:
    """Replace what is on the disk by our partition table and filesystems."""

    name: ClassVar[str] = "partition"
    weight: ClassVar[float] = 8.0
    disk: str
    layout: Layout

    def describe(self) -> str:
        """List the partitions with their sizes."""
        rest = _("the rest")
        rows = [
            f"{part.label} {rest if part.grows else words(part.size)}"
            for part in self.layout.partitions
        ]
        return _("Erase {disk} and partition it: {rows}").format(
            disk=self.disk, rows=", ".join(rows)
        )

    def apply(self, system: Machine, progress: Progress) -> None:
        """Ask first what would be made: a surprise there still costs nothing."""
        planned = list(system.partitioner.preview(self.disk, self.layout))
        self._compare([(label, size) for label, size in planned], StepError)
        progress(0.1)
        system.disks.release(self.disk)
        progress(0.2)
        system.partitioner.create(self.disk, self.layout)

    def verify(self, system: Machine) -> None:
        """Read the table back from the disk."""
        made = system.partitioner.read(self.disk)
        self._compare([(part.label, part.size) for part in made], VerificationError)
        wrong = [
            part.label
            for part, wanted in zip(made, self.layout.partitions, strict=True)
            if (part.number, part.type) != (wanted.number, wanted.type)
        ]
        if wrong:
            raise VerificationError(
                _("Wrong number or type on {disk}: {labels}").format(
                    disk=self.disk, labels=", ".join(wrong)
                )
            )

    def _compare(self, made: list[tuple[str, int]], error: type[StepError]) -> None:
        wanted = self.layout.partitions
        fits = len(made) == len(wanted) and all(
            label == part.label and (size == part.size or (part.grows and size >= part.size))
            for (label, size), part in zip(made, wanted, strict=True)
        )
        if not fits:
            shown = ", ".join(f"{label} {words(size)}" for label, size in made) or _("nothing")
            raise error(
                _("systemd-repart makes another table on {disk} than planned: {made}").format(
                    disk=self.disk, made=shown
                ),
                _("Report this with the journal of the installation."),
            )


@dataclass(frozen=True)
class WriteSlot:
    """Let RAUC check the signature and write the image: the one writer of slots."""

    name: ClassVar[str] = "write-slot"
    weight: ClassVar[float] = 60.0
    disk: str
    bundle: Path
    version: str

    def describe(self) -> str:
        """Say which image goes where."""
        return _("Write version {version} to {slot} of {disk}").format(
            version=self.version, slot=ROOT_A, disk=self.disk
        )

    def apply(self, system: Machine, progress: Progress) -> None:
        """Write slot A."""
        system.images.write(self.bundle, find(system, self.disk, ROOT_A), progress)

    def verify(self, system: Machine) -> None:
        """Leave the reading back to the next step, which has progress of its own."""


@dataclass(frozen=True)
class VerifySlot:
    """Read the slot back past the page cache: only what is on the disk counts."""

    name: ClassVar[str] = "verify-slot"
    weight: ClassVar[float] = 15.0
    disk: str
    size: int
    sha256: str

    def describe(self) -> str:
        """Say what is compared."""
        return _("Read {slot} back and compare its {size} with the signed checksum").format(
            slot=ROOT_A, size=words(self.size)
        )

    def apply(self, system: Machine, progress: Progress) -> None:
        """Compare."""
        device = find(system, self.disk, ROOT_A).device
        found = system.images.checksum(device, self.size, progress)
        if found != self.sha256:
            raise VerificationError(
                _("{slot} on {disk} reads back differently: {found} instead of {wanted}").format(
                    slot=ROOT_A, disk=self.disk, found=found[:16], wanted=self.sha256[:16]
                ),
                _("The disk does not keep what is written: look at its health, use another one."),
            )

    def verify(self, system: Machine) -> None:
        """The step is the verification."""


@dataclass(frozen=True)
class MakeBootable:
    """Boot loader for UEFI and BIOS, the fresh boot state, the rescue kernel."""

    name: ClassVar[str] = "make-bootable"
    weight: ClassVar[float] = 8.0
    disk: str
    sector_size: int
    arguments: tuple[str, ...] = ()

    def describe(self) -> str:
        """Say what will start and what its kernel is told beside our own arguments."""
        told = _("Write the boot loader to {disk}; slot A gets three tries").format(disk=self.disk)
        if self.arguments:
            told += _(", with {arguments}").format(arguments=" ".join(self.arguments))
        if self.sector_size != 512:
            told += _(" (UEFI only: BIOS cannot start disks with 4096-byte sectors)")
        return told

    def apply(self, system: Machine, progress: Progress) -> None:
        """Write it all."""
        system.loader.install(self._files(system), progress)

    def verify(self, system: Machine) -> None:
        """Read it all back."""
        system.loader.verify(self._files(system))

    def _files(self, system: Machine) -> BootFiles:
        return BootFiles(
            disk=Path(self.disk),
            esp=find(system, self.disk, ESP),
            slot=find(system, self.disk, ROOT_A),
            arguments=self.arguments,
            bios=self.sector_size == 512,
        )


@dataclass(frozen=True)
class SaveConfig:
    """Save the config of this installation as the first generation."""

    name: ClassVar[str] = "save-config"
    weight: ClassVar[float] = 2.0
    disk: str
    first: FirstGeneration

    def describe(self) -> str:
        """Say where it is kept; its content holds hashes and is not shown."""
        return _("Save the config as the first generation on {label} of {disk}").format(
            label=CONFIG, disk=self.disk
        )

    def apply(self, system: Machine, progress: Progress) -> None:  # noqa: ARG002
        """Save it durably."""
        system.configs.save(find(system, self.disk, CONFIG).device, self.first)

    def verify(self, system: Machine) -> None:
        """Read it back."""
        number, text = system.configs.load(find(system, self.disk, CONFIG).device)
        if number < 1 or text != self.first.node_toml.reveal():
            raise VerificationError(
                _("The first generation on {disk} does not read back").format(disk=self.disk),
                _("The disk does not keep what is written: look at its health, use another one."),
            )


@dataclass(frozen=True)
class Finish:
    """Everything is on the disk before anybody says that the installation is done."""

    name: ClassVar[str] = "finish"
    weight: ClassVar[float] = 2.0
    disk: str

    def describe(self) -> str:
        """Say what remains."""
        return _("Flush {disk}").format(disk=self.disk)

    def apply(self, system: Machine, progress: Progress) -> None:  # noqa: ARG002
        """Flush."""
        system.disks.flush(self.disk)

    def verify(self, system: Machine) -> None:
        """Look at the table once more, from the disk."""
        system.partitioner.read(self.disk)


def find(system: Machine, disk: str, label: str) -> Made:
    """Return the partition called ``label`` as it is on ``disk`` now."""
    for made in system.partitioner.read(disk):
        if made.label == label:
            return made
    raise StepError(
        _("{disk} has no partition {label}").format(disk=disk, label=label),
        _("The table was changed while the installation ran. Start it again."),
    )
