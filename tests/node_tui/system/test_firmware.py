"""The firmware's entries: ours that are stale go, everybody else's stay."""

from pathlib import Path

import pytest

from node_tui.system import firmware
from node_tui.system.firmware import add_boot_entry, stale_entries
from persist.errors import StepError

OTHERS = """\
BootCurrent: 0001
BootOrder: 0003,0001,0000
Boot0000* UiApp\tFvVol(7cb8bdc9)/FvFile(462caa21)
Boot0001* UEFI Misc Device\tPciRoot(0x0)/Pci(0x3,0x0)
"""
PARTITION = "aaaaaaaa-0000-0000-0000-00000000000"


def entry(number: str, label: str, uuid: str) -> str:
    """Return a line of ``efibootmgr -v``."""
    loader = r"\EFI\debian\shimx64.efi"
    return f"Boot{number} {label}\tHD(1,GPT,{uuid},0x800,0x40000)/File({loader})\n"


LISTED = (
    OTHERS
    + entry("0003*", "Node", f"{PARTITION}1")
    + entry("0004*", "Node", f"{PARTITION}2")
    + entry("0005 ", "Node", f"{PARTITION}3".upper())
    + entry("000A*", "debian", f"{PARTITION}4")
)
OURS = f"{PARTITION}3"


def test_our_entries_without_a_partition_are_stale(tmp_path: Path) -> None:
    (tmp_path / f"{PARTITION}2").touch()  # another node's disk
    (tmp_path / OURS).touch()
    assert stale_entries(LISTED, OURS, tmp_path) == ["0003", "0005"]


def test_a_firmware_that_refuses_does_not_fail_the_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise StepError("efibootmgr failed: EFI variables are not supported")

    monkeypatch.setattr(firmware, "run", refuse)
    told = add_boot_entry(Path("/dev/vda"), 1, OURS)
    assert "EFI variables are not supported" in told
    assert "default path" in told
