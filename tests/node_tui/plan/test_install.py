"""The plan of an installation: its steps, what they do to a machine, what stops it before."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from node_tui.apply import apply
from node_tui.plan.install import Source, plan_install, settled_config
from node_tui.plan.install_steps import PartitionDisk, SaveConfig
from node_tui.plan.layout import GIB, Layout
from persist.errors import NodeError, PlanError, StepError, VerificationError
from persist.model import NodeConfig, decode_config
from persist.toml import load_config
from plugins.api.events import Event
from plugins.api.facts import Disk, Facts, Link, Usage
from plugins.api.steps import Plan, Step
from tests.fakes.machine import IMAGE, SHA256, FakeMachine

EXPECTED = Path(__file__).parent / "plans"
HASH = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"
VDA = Disk(path="/dev/vda", size=20 * GIB, owner="empty", bus="virtio", serial="system-1")
LINKS = (
    Link(name="ens3", mac="52:54:00:00:00:01"),
    Link(name="ens4", mac="52:54:00:00:00:02", carrier=True),
    Link(name="ens5", mac="52:54:00:00:00:03", carrier=True, gateways=("192.0.2.1",)),
)
FACTS = Facts(
    product="Node",
    version="1.2.3",
    hostname="localhost",
    boot_mode="live",
    firmware="uefi",
    memory=Usage(used=0, total=2 * GIB),
    disks=(VDA,),
    links=LINKS,
)
SOURCE = Source(Path("/run/node/node.raucb"), "1.2.3", len(IMAGE), SHA256, ("console=ttyS0",))


def config(**install: object) -> NodeConfig:
    plain = {
        "version": 1,
        "security": {"admin_password": HASH},
        "network": {"links": [{"name": "mgmt", "match": "link", "ipv4": {"method": "dhcp"}}]},
        "install": {"disk": ["/dev/vda"], "consent": ["serial:other"], **install},
    }
    return decode_config(plain)


def plan(facts: Facts = FACTS, **install: object) -> Plan:
    return plan_install(config(**install), facts, SOURCE)


def run(machine: FakeMachine, made: Plan) -> list[Event]:
    events: list[Event] = []
    apply(made, machine, events.append, operation="op")
    return events


def test_the_plan_in_words() -> None:
    made = plan()
    text = "\n".join([made.title, *made.describe()]) + "\n"
    assert text == (EXPECTED / "twenty-gib.txt").read_text()


def test_steps_satisfy_the_contract_and_have_stable_names() -> None:
    steps = plan().steps
    assert all(isinstance(step, Step) for step in steps)
    assert [step.name for step in steps] == [
        "check-disk",
        "partition",
        "write-slot",
        "verify-slot",
        "save-config",
        "make-bootable",
        "finish",
    ]


def test_no_secret_shows_in_the_plan() -> None:
    assert HASH not in repr(plan())


def test_applied_to_a_machine() -> None:
    machine = FakeMachine(VDA)
    events = run(machine, plan())
    assert machine.calls == [
        "examine",
        "preview",
        "release",
        "create",
        "write /dev/vda3",
        "checksum /dev/vda3",
        "save /dev/vda5",
        "install loader",
        "flush",
    ]
    assert machine.booted is not None
    assert machine.booted.arguments == ("console=ttyS0",)
    assert events[-1].fraction == 1.0


def test_the_saved_config_is_settled() -> None:
    machine = FakeMachine(VDA)
    run(machine, plan())
    saved = load_config(machine.generation)
    assert saved.network.links[0].match == "52:54:00:00:00:03"
    assert saved.install == NodeConfig().install
    assert HASH in machine.generation


def test_without_any_carrier_the_link_is_chosen_at_each_boot() -> None:
    assert settled_config(config(), LINKS[:1]).network.links[0].match == "link"


def test_carrier_alone_is_enough() -> None:
    assert settled_config(config(), LINKS[:2]).network.links[0].match == "52:54:00:00:00:02"


@pytest.mark.parametrize(
    "broken", ["examine", "preview", "release", "create", "write /dev/vda3", "install loader"]
)
def test_a_failure_stops_everything_after_it(broken: str) -> None:
    machine = FakeMachine(VDA, broken=broken)
    with pytest.raises(StepError, match=f"{broken} failed"):
        run(machine, plan())
    assert machine.calls[-1] == broken


def test_another_disk_under_the_same_name_is_never_written() -> None:
    machine = FakeMachine(msgspec.structs.replace(VDA, serial="another"))
    with pytest.raises(StepError, match="serial changed"):
        run(machine, plan())
    assert machine.calls == ["examine"]


def test_a_serial_number_that_udev_tells_late_is_no_other_disk() -> None:
    machine = FakeMachine(VDA)
    late = msgspec.structs.replace(FACTS, disks=(msgspec.structs.replace(VDA, serial=""),))
    run(machine, plan(late))
    assert machine.calls[-1] == "flush"


def test_data_that_appeared_since_the_plan_stops_it() -> None:
    machine = FakeMachine(msgspec.structs.replace(VDA, owner="foreign", contents=("ext4",)))
    with pytest.raises(StepError, match="owner, contents changed"):
        run(machine, plan())


def test_a_slot_that_reads_back_differently_is_never_started() -> None:
    machine = FakeMachine(VDA)
    made = plan_install(config(), FACTS, replace(SOURCE, sha256="0" * 64))
    with pytest.raises(VerificationError, match="Root-A on /dev/vda reads back differently"):
        run(machine, made)
    assert machine.booted is None


def test_a_preview_that_differs_costs_nothing() -> None:
    machine = FakeMachine(VDA)
    step = next(step for step in plan().steps if isinstance(step, PartitionDisk))
    other = replace(step, layout=Layout(step.layout.partitions[:-1]))
    machine.preview = lambda *_asked: [("ESP", 1)]  # type: ignore[method-assign]
    with pytest.raises(StepError, match="makes another table on /dev/vda than planned: ESP 1 B"):
        other.apply(machine, lambda *_told: None)
    assert "create" not in machine.calls


def test_a_generation_that_does_not_read_back_is_an_error() -> None:
    machine = FakeMachine(VDA)
    made = plan()
    run(machine, made)
    machine.generation += "x"
    step = next(step for step in made.steps if isinstance(step, SaveConfig))
    with pytest.raises(VerificationError, match="does not read back"):
        step.verify(machine)


@pytest.mark.parametrize(
    ("facts", "install", "words"),
    [
        (msgspec.structs.replace(FACTS, boot_mode="installed"), {}, "runs in mode installed"),
        (msgspec.structs.replace(FACTS, boot_mode="stateless"), {}, "runs in mode stateless"),
        (FACTS, {"disk": []}, "No disk was chosen"),
        (FACTS, {"disk": ["/dev/sda"]}, "No disk matches '/dev/sda'"),
        (FACTS, {"logging_size": "30GiB"}, "too small: it holds 20 GiB, this node needs"),
        (FACTS, {"data_size": "1MiB"}, "Data of 1 MiB is too small"),
    ],
)
def test_doubts_are_errors_of_the_plan(
    facts: Facts, install: dict[str, object], words: str
) -> None:
    with pytest.raises(PlanError, match=words) as caught:
        plan(facts, **install)
    assert isinstance(caught.value, NodeError)
    assert caught.value.hint


def test_asked_data_size_leaves_the_rest_of_the_disk_alone() -> None:
    step = next(step for step in plan(data_size="4GiB").steps if isinstance(step, PartitionDisk))
    assert not step.layout.by_label("Data").grows
    assert step.layout.by_label("Data").size == 4 * GIB
