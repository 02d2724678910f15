"""Disks are read again only when the kernel saw something change."""

from pathlib import Path

from node_tui.system.disk_watch import SECONDS_BELIEVED, DiskWatch
from plugins.api.facts import Disk


def test_looking_often_reads_seldom(tmp_path: Path) -> None:
    for name in ("proc/partitions", "proc/self/mounts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    reads = []
    now = 0.0

    def read() -> tuple[Disk, ...]:
        reads.append(now)
        return (Disk(path=f"/dev/vd{len(reads)}", size=1),)

    watch = DiskWatch(tmp_path, read, lambda: now)
    for _look in range(10):
        assert watch.read()[0].path == "/dev/vd1"
    (tmp_path / "proc/partitions").write_text("8 0 100 sda\n")
    assert watch.read()[0].path == "/dev/vd2"
    (tmp_path / "proc/self/mounts").write_text("/dev/sda1 /mnt ext4 rw 0 0\n")
    assert watch.read()[0].path == "/dev/vd3"
    now += SECONDS_BELIEVED + 1
    assert watch.read()[0].path == "/dev/vd4"
