"""Which disk is chosen on recorded machines, and the words of every refusal (golden files)."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from node_tui.plan.disks import choose_disk, stable_selector
from persist.errors import PlanError
from plugins.api.facts import Disk

MACHINES = Path(__file__).parent.parent / "system/inventories"
REFUSALS = Path(__file__).parent / "refusals"
MINIMUM = 4 * 10**9


def four_gb(_disk: Disk) -> int:
    return MINIMUM


def machine(name: str) -> tuple[Disk, ...]:
    return msgspec.json.decode(
        (MACHINES / f"{name}.expected.json").read_bytes(), type=tuple[Disk, ...]
    )


def choose(name: str, selectors: Sequence[str], consent: Sequence[str] = ()) -> str:
    return choose_disk(selectors, consent, machine(name), four_gb).path


@pytest.mark.parametrize(
    ("name", "selectors", "path"),
    [
        ("virtio-vm", ["/dev/vda"], "/dev/vda"),
        ("virtio-vm", ["/dev/disk/by-path/pci-0000:00:04.0"], "/dev/vda"),
        ("virtio-vm", ["serial:torn"], "/dev/vdf"),
        ("sata-nvme-usb", ["serial:S45PNA0M500002"], "/dev/sdb"),
        ("sata-nvme-usb", ["wwn:5002538E4049D8A2"], "/dev/sdb"),
        ("sata-nvme-usb", ["serial:gone", "bus=nvme,serial=PHLN850200DZ1P6AGN"], "/dev/nvme0n1"),
        ("sata-nvme-usb", ["size=480G,model=samsung*,serial=S45PNA0M500002"], "/dev/sdb"),
        ("sas-multipath", ["/dev/sdb"], "/dev/mapper/mpatha"),
        ("sas-multipath", ["size<=120G,bus=fc"], "/dev/mapper/mpatha"),
        ("sas-multipath", ["wwn:0x60050768018105f80800000000000001"], "/dev/sdc"),
        ("sas-multipath", ["bus=sas,size>=1T,model=st1200*,serial=WFK0AAAA"], "/dev/sde"),
    ],
)
def test_the_disk_that_is_meant(name: str, selectors: Sequence[str], path: str) -> None:
    assert choose(name, selectors) == path


def test_consent_that_names_the_disk_is_enough() -> None:
    assert choose("virtio-vm", ["/dev/vdb"], ["serial:scratch-1"]) == "/dev/vdb"


def test_consent_may_name_absent_disks() -> None:
    assert choose("virtio-vm", ["/dev/vdb"], ["serial:other", "/dev/vdb"]) == "/dev/vdb"


def test_only_means_the_one_that_nothing_speaks_against() -> None:
    disks = [disk for disk in machine("virtio-vm") if disk.path in {"/dev/sr0", "/dev/vda"}]
    assert choose_disk(["only"], [], disks, four_gb).path == "/dev/vda"


def test_a_selector_that_also_matches_the_boot_medium_means_the_other() -> None:
    disks = [disk for disk in machine("sata-nvme-usb") if disk.path in {"/dev/sdb", "/dev/sdc"}]
    assert choose_disk(["size>=10G"], [], disks, four_gb).path == "/dev/sdb"


CASES: dict[str, tuple[str, Sequence[str], Sequence[str]]] = {
    "no-selector": ("virtio-vm", [], []),
    "no-match": ("virtio-vm", ["/dev/sda", "size>=1T,bus=nvme"], []),
    "no-match-twins": ("sas-multipath", ["serial:gone"], []),
    "several": ("sata-nvme-usb", ["model=samsung*"], []),
    "several-then-one": ("sata-nvme-usb", ["bus=nvme", "/dev/sdb"], []),
    "several-only": ("virtio-vm", ["only"], []),
    "boot-medium": ("sata-nvme-usb", ["bus=usb"], []),
    "foreign": ("sata-nvme-usb", ["serial:S45PNA0M500001"], []),
    "foreign-other-consent": ("virtio-vm", ["/dev/vdd"], ["serial:scratch-1"]),
    "foreign-raid": ("sas-multipath", ["serial:WFK0BBBB"], []),
    "installed-node": ("virtio-vm", ["serial:node-old"], ["serial:node-old"]),
    "consent-too-wide": ("virtio-vm", ["/dev/vdb"], ["bus=virtio"]),
}


@pytest.mark.parametrize("case", CASES)
def test_refusal(case: str) -> None:
    name, selectors, consent = CASES[case]
    with pytest.raises(PlanError) as caught:
        choose(name, selectors, consent)
    assert f"{caught.value}\n" == (REFUSALS / f"{case}.txt").read_text()


ODD = {
    "mounted": Disk(path="/dev/sda", size=10**10, owner="mounted", mountpoints=("/data", "/x")),
    "read-only": Disk(path="/dev/sda", size=10**10, owner="empty", read_only=True),
    "too-small": Disk(path="/dev/sda", size=2 * 10**9, owner="empty", serial="S1"),
    "damaged-node": Disk(
        path="/dev/sda", size=10**10, owner="node", serial="S1", node_generation=-1
    ),
    "unreadable": Disk(
        path="/dev/sda", size=10**10, owner="foreign", serial="S1", problem="Input/output error"
    ),
    "node-not-looked-at": Disk(path="/dev/sda", size=10**10, owner="node", wwn="0x5000"),
}


# Consent is for data; a disk that cannot be read is refused all the same.
CONSENT = {"unreadable": ["serial:S1"]}


@pytest.mark.parametrize("case", ODD)
def test_refusal_of_an_odd_disk(case: str) -> None:
    with pytest.raises(PlanError) as caught:
        choose_disk(["/dev/sda"], CONSENT.get(case, []), [ODD[case]], four_gb)
    assert f"{caught.value}\n" == (REFUSALS / f"{case}.txt").read_text()


def test_nothing_eligible_tells_every_reason() -> None:
    with pytest.raises(PlanError) as caught:
        choose_disk(["only"], [], [ODD["mounted"], ODD["too-small"]], four_gb)
    assert f"{caught.value}\n" == (REFUSALS / "nothing-eligible.txt").read_text()


VG0 = "LVM volume group vg0 (1eaf)"
PAIR = (
    Disk(path="/dev/sda", size=10**10, owner="foreign", serial="S1", groups=(VG0, "btrfs (u)")),
    Disk(path="/dev/sdb", size=10**10, owner="foreign", serial="S2", groups=(VG0,)),
    Disk(path="/dev/sdc", size=10**10, owner="empty", serial="S3"),
)


def test_what_lies_on_a_second_disk_too_needs_consent_for_both() -> None:
    with pytest.raises(PlanError) as caught:
        choose_disk(["serial:S1"], ["serial:S1"], PAIR, four_gb)
    assert f"{caught.value}\n" == (REFUSALS / "torn-group.txt").read_text()
    both = ["serial:S1", "serial:S2"]
    assert choose_disk(["serial:S1"], both, PAIR, four_gb) is PAIR[0]
    assert choose_disk(["only"], ["serial:S1"], PAIR, four_gb) is PAIR[2]


def test_a_damaged_node_is_taken_with_consent() -> None:
    disk = ODD["damaged-node"]
    assert choose_disk(["/dev/sda"], ["serial:S1"], [disk], four_gb) is disk


def test_the_selector_shown_survives_a_reboot() -> None:
    shown = {disk.path: stable_selector(disk) for disk in machine("virtio-vm")}
    assert shown["/dev/vda"] == "/dev/disk/by-path/pci-0000:00:04.0"
    assert shown["/dev/vdb"] == "serial:scratch-1"
