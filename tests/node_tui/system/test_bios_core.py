"""GRUB for BIOS in a disk: which bytes change, and what is refused."""

import os
import struct
from pathlib import Path

import pytest

from node_tui.plan.layout import BIOS_TYPE, ESP_TYPE
from node_tui.system import bios_core
from node_tui.system.bios_core import embed
from node_tui.system.gpt import Entry
from persist.errors import StepError, VerificationError

BIOS = Entry(number=2, type=BIOS_TYPE, uuid="2", label="BIOS", start=2 * 2**20, size=4096)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bios_core, "read_table", lambda _disk, _sector: (BIOS,))
    path = tmp_path / "disk"
    path.write_bytes(bytes(range(256)) * 2 + bytes(4 * 2**20))
    (tmp_path / "boot.img").write_bytes(b"\xeb" * 512)
    (tmp_path / "core.img").write_bytes(b"\xc0" * 1500)
    return path


def test_only_code_and_partition_change(disk: Path) -> None:
    before = disk.read_bytes()
    embed(disk, disk.with_name("boot.img"), disk.with_name("core.img"))
    after = disk.read_bytes()
    assert after[3:0x5A] == before[3:0x5A]
    assert after[0x1B8:0x1FE] == before[0x1B8:0x1FE]
    assert after[0x1FE:0x200] == b"\x55\xaa"
    assert struct.unpack_from("<Q", after, 0x5C)[0] == BIOS.start // 512
    assert after[0x66:0x68] == b"\x90\x90"
    assert after[:3] == b"\xeb\xeb\xeb"
    assert after[512 : BIOS.start] == before[512 : BIOS.start]
    assert after[BIOS.start + 1536 :] == before[BIOS.start + 1536 :]


def test_the_core_knows_where_its_rest_lies(disk: Path) -> None:
    embed(disk, disk.with_name("boot.img"), disk.with_name("core.img"))
    core = disk.read_bytes()[BIOS.start : BIOS.start + 1536]
    assert struct.unpack_from("<QHH", core, 0x1F4) == (BIOS.start // 512 + 1, 2, 0x820)
    assert core[0x200:1500] == b"\xc0" * (1500 - 0x200)
    assert core[1500:] == bytes(36)


def test_a_disk_without_a_bios_partition_is_refused_untouched(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    esp = Entry(number=1, type=ESP_TYPE, uuid="1", label="ESP", start=2**20, size=2**20)
    monkeypatch.setattr(bios_core, "read_table", lambda _disk, _sector: (esp,))
    before = disk.read_bytes()
    with pytest.raises(StepError, match="no BIOS boot partition"):
        embed(disk, disk.with_name("boot.img"), disk.with_name("core.img"))
    assert disk.read_bytes() == before


def test_a_core_that_does_not_fit_is_refused_untouched(disk: Path) -> None:
    disk.with_name("core.img").write_bytes(bytes(4097))
    before = disk.read_bytes()
    with pytest.raises(StepError, match="needs 4608 bytes, the BIOS boot partition has 4096"):
        embed(disk, disk.with_name("boot.img"), disk.with_name("core.img"))
    assert disk.read_bytes() == before


def test_boot_code_of_another_size_is_refused_untouched(disk: Path) -> None:
    disk.with_name("boot.img").write_bytes(b"")
    before = disk.read_bytes()
    with pytest.raises(StepError, match=r"boot\.img has 0 bytes"):
        embed(disk, disk.with_name("boot.img"), disk.with_name("core.img"))
    assert disk.read_bytes() == before


def test_the_mbr_is_not_written_when_the_core_does_not_read_back(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = disk.read_bytes()[:512]
    true_pwrite = os.pwrite

    def lose_the_end(descriptor: int, content: bytes, offset: int) -> int:
        return true_pwrite(descriptor, content[:-1] + b"?", offset)

    monkeypatch.setattr(os, "pwrite", lose_the_end)
    with pytest.raises(VerificationError, match="does not give back"):
        embed(disk, disk.with_name("boot.img"), disk.with_name("core.img"))
    assert disk.read_bytes()[:512] == before
