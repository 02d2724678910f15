"""Partition a disk with systemd-repart from definitions rendered of a layout."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from node_tui.plan.layout import Layout, Partition, words
from node_tui.plan.machine import Made
from node_tui.system.block import flush, partition_device, read_device, settle
from node_tui.system.command import run
from node_tui.system.gpt import Entry, read_table
from persist.errors import StepError
from persist.translation import _

DEFINITIONS = Path("/run/node/repart.d")
# Discarding all of a large disk and making its filesystems takes a while; the size says nothing.
PREVIEW_SECONDS = 120.0
CREATE_SECONDS = 1800.0
# The smallest clusters keep FAT32 legal on an ESP of this size (65525 clusters at least).
MAKE_OPTIONS = {"SYSTEMD_REPART_MKFS_OPTIONS_VFAT": "-s 1"}


class _Row(Struct):
    """One partition of repart's JSON; ``raw_size`` in bytes."""

    label: str
    raw_size: int
    activity: str = ""


class Repart:
    """The partitioner of ``node_tui.plan.machine``."""

    def __init__(self, definitions: Path = DEFINITIONS) -> None:
        self._definitions = definitions

    def preview(self, disk: str, layout: Layout) -> tuple[tuple[str, int], ...]:
        """Return label and size of what would be made; writes nothing.

        Never with --empty=create: that one writes in spite of --dry-run.
        """
        told = self._repart(disk, layout, "--dry-run=yes", timeout=PREVIEW_SECONDS)
        try:
            rows = msgspec.json.decode(told, type=tuple[_Row, ...])
        except msgspec.DecodeError as error:
            raise StepError(
                _("systemd-repart told something unexpected: {error}").format(error=error),
                told.strip()[-2000:],
            ) from None
        return tuple((row.label, row.raw_size) for row in rows)

    def create(self, disk: str, layout: Layout) -> None:
        """Replace whatever is on the disk; returns when the kernel shows the new partitions."""
        self._repart(disk, layout, "--dry-run=no", timeout=CREATE_SECONDS)
        # repart asks the kernel to read the table again and takes a refusal in silence; this adds
        # what is missing and says so when it cannot.
        run(["partx", "--update", disk], timeout=60)
        settle()

    def read(self, disk: str) -> tuple[Made, ...]:
        """Return the partitions from the disk itself; StepError when a device is missing or old."""
        device = read_device(Path(disk))
        # The disk is held open all the while, so the kernel would answer from memory.
        flush(device.path)
        entries = read_table(device.path, device.sector_size)
        return tuple(_made(device.path, entry) for entry in entries)

    def _repart(self, disk: str, layout: Layout, *words: str, timeout: float) -> str:
        write_definitions(self._definitions, layout)
        argv = ["systemd-repart", f"--definitions={self._definitions}", "--empty=force", *words]
        argv += ["--json=short", "--no-pager", "--no-legend", "--seed=random", "--discard=yes"]
        return run([*argv, disk], timeout=timeout, environment=MAKE_OPTIONS).stdout


def _made(disk: Path, entry: Entry) -> Made:
    device = partition_device(disk, entry.number)
    shown = read_device(device).size
    if shown != entry.size:
        # The kernel kept an older table: what is written there would land elsewhere.
        raise StepError(
            _("{device} has {shown}, the table of {disk} says {size}").format(
                device=device, shown=words(shown), disk=disk, size=words(entry.size)
            ),
            _("Start this machine again, then install again."),
        )
    return Made(entry.number, entry.label, entry.type, entry.uuid, entry.size, device)


def write_definitions(folder: Path, layout: Layout) -> None:
    """Make ``folder`` hold exactly the definitions of ``layout``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in render_definitions(layout).items():
        (folder / name).write_text(text)


def render_definitions(layout: Layout) -> Mapping[str, str]:
    """Return the files of repart.d(5), one a partition; their names give the order."""
    return {
        f"{part.number:02d}-{part.label.lower()}.conf": _definition(part)
        for part in layout.partitions
    }


def _definition(part: Partition) -> str:
    lines = [
        "[Partition]",
        f"Type={part.type}",
        f"Label={part.label}",
        f"SizeMinBytes={part.size}",
        *([] if part.grows else [f"SizeMaxBytes={part.size}"]),
        *([f"Format={part.format}"] if part.format else []),
    ]
    return "\n".join(lines) + "\n"
