"""What installing needs of a machine: the gateways that steps use, real ones and the fakes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from node_tui.plan.layout import Layout
from persist.model.secret import Secret
from plugins.api.facts import Disk
from plugins.api.steps import Progress


@dataclass(frozen=True, slots=True)
class Made:
    """A partition as it is on the disk: ``size`` in bytes, ``device`` what to open."""

    number: int
    label: str
    type: str
    uuid: str
    size: int
    device: Path


@dataclass(frozen=True, slots=True)
class BootFiles:
    """What makes a disk start: where it goes and what its kernel is told.

    ``slot`` holds the verified image: loader, kernel and initrd are taken from it.
    ``bios`` says whether the boot sectors for BIOS can work (512-byte sectors only).
    ``arguments`` are foreign kernel arguments, for this machine and no other.
    """

    disk: Path
    esp: Made
    slot: Made
    arguments: tuple[str, ...] = ()
    bios: bool = True


@dataclass(frozen=True, slots=True)
class FirstGeneration:
    """The config that the new node starts with; its text holds hashes and never shows itself."""

    node_toml: Secret
    version: str


class Disks(Protocol):
    """The disks, looked at thoroughly."""

    def examine(self, path: str) -> Disk:
        """Return what ``path`` is now; StepError when it is gone."""
        ...

    def release(self, path: str) -> None:
        """Stop everything (LVM, RAID, maps) that holds the disk, and forget that it was there."""
        ...

    def flush(self, path: str) -> None:
        """Return when everything written to the disk is on it."""
        ...


class Partitioner(Protocol):
    """Makes the partition table and the filesystems in it."""

    def preview(self, disk: str, layout: Layout) -> Sequence[tuple[str, int]]:
        """Return label and size in bytes of what ``create`` would make; write nothing."""
        ...

    def create(self, disk: str, layout: Layout) -> None:
        """Replace whatever is on the disk."""
        ...

    def read(self, disk: str) -> tuple[Made, ...]:
        """Return the partitions from the disk itself, their devices ready to be opened."""
        ...


class Images(Protocol):
    """Writes a bundle's image to a partition, and reads partitions back past the page cache."""

    def write(self, bundle: Path, slot: Made, progress: Progress) -> None:
        """Check the signature of ``bundle`` and write its image to ``slot``."""
        ...

    def checksum(self, device: Path, size: int, progress: Progress) -> str:
        """Return the SHA-256 of the first ``size`` bytes as they are on the disk."""
        ...


class Loader(Protocol):
    """The boot loader's files and state."""

    def install(self, files: BootFiles, progress: Progress) -> None:
        """Write loader, rescue kernel, machine arguments and the fresh boot state."""
        ...

    def verify(self, files: BootFiles) -> None:
        """Read them back; VerificationError when something differs."""
        ...


class ConfigStore(Protocol):
    """The generations on a Config partition."""

    def save(self, device: Path, first: FirstGeneration) -> int:
        """Save as the next generation of slot A and return its number; durable when it returns."""
        ...

    def load(self, device: Path) -> tuple[int, str]:
        """Return number and node.toml of the newest generation of slot A that verifies."""
        ...


class Machine(Protocol):
    """The gateways together, as steps get them."""

    @property
    def disks(self) -> Disks: ...
    @property
    def partitioner(self) -> Partitioner: ...
    @property
    def images(self) -> Images: ...
    @property
    def loader(self) -> Loader: ...
    @property
    def configs(self) -> ConfigStore: ...
