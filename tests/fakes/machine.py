# ruff: noqa: ARG002 - fakes have the arguments of the real ones
"""A machine without hardware: gateways that keep everything in memory and can fail on demand."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from node_tui.plan.layout import Layout
from node_tui.plan.machine import BootFiles, FirstGeneration, Made
from persist.errors import StepError, VerificationError
from plugins.api.facts import Disk
from plugins.api.steps import Progress

IMAGE = b"squashfs of a node" * 1000
SHA256 = hashlib.sha256(IMAGE).hexdigest()


@dataclass
class FakeMachine:
    """Every gateway in one: calls are noted, ``broken`` names the call that fails."""

    disk: Disk
    calls: list[str] = field(default_factory=list)
    broken: str = ""
    table: tuple[Made, ...] = ()
    slot: bytes = b""
    booted: BootFiles | None = None
    generation: str = ""

    @property
    def disks(self) -> "FakeMachine":
        return self

    @property
    def partitioner(self) -> "FakeMachine":
        return self

    @property
    def images(self) -> "FakeMachine":
        return self

    @property
    def loader(self) -> "FakeLoader":
        return FakeLoader(self)

    @property
    def configs(self) -> "FakeMachine":
        return self

    def note(self, call: str) -> None:
        """Remember the call, or fail when it is the broken one."""
        self.calls.append(call)
        if call == self.broken:
            raise StepError(f"{call} failed", "mend it")

    def examine(self, path: str) -> Disk:
        self.note("examine")
        if path != self.disk.path:
            raise StepError(f"{path} is gone")
        return self.disk

    def release(self, path: str) -> None:
        self.note("release")

    def flush(self, path: str) -> None:
        self.note("flush")

    def preview(self, disk: str, layout: Layout) -> Sequence[tuple[str, int]]:
        self.note("preview")
        return [(part.label, part.size) for part in layout.partitions]

    def create(self, disk: str, layout: Layout) -> None:
        self.note("create")
        self.table = tuple(
            Made(
                part.number,
                part.label,
                part.type,
                f"uuid-{part.number}",
                part.size,
                Path(f"{disk}{part.number}"),
            )
            for part in layout.partitions
        )

    def read(self, disk: str) -> tuple[Made, ...]:
        return self.table

    def write(self, bundle: Path, slot: Made, progress: Progress) -> None:
        self.note(f"write {slot.device}")
        self.slot = IMAGE
        progress(1.0)

    def checksum(self, device: Path, size: int, progress: Progress) -> str:
        self.note(f"checksum {device}")
        return hashlib.sha256(self.slot[:size]).hexdigest()

    def save(self, device: Path, first: FirstGeneration) -> int:
        self.note(f"save {device}")
        self.generation = first.node_toml.reveal()
        return 1

    def load(self, device: Path) -> tuple[int, str]:
        return 1, self.generation


@dataclass
class FakeLoader:
    """The loader of a fake machine; apart, because installing and verifying are its own verbs."""

    machine: FakeMachine

    def install(self, files: BootFiles, progress: Progress) -> None:
        self.machine.note("install loader")
        self.machine.booted = files
        progress(1.0)

    def verify(self, files: BootFiles) -> None:
        if self.machine.booted != files:
            raise VerificationError("the loader is not there")
