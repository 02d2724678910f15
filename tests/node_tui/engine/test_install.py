"""The installation as a use case: from kernel arguments to a running operation, or a refusal."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from node_tui.engine.install import Installer
from node_tui.plan.install import Source
from persist.errors import ConfigError, NodeError, PlanError, StepError
from plugins.api.events import Event
from plugins.api.facts import Disk, Usage
from tests.fakes.machine import IMAGE, SHA256, FakeMachine
from tests.node_tui.engine.benches import Bench, some_facts

GIB = 2**30
EMPTY = Disk(path="/dev/vda", size=40 * GIB, serial="S1", bus="virtio", owner="empty")
OTHER = Disk(path="/dev/vdb", size=40 * GIB, serial="S2", bus="virtio", owner="empty")


class TouchedError(AssertionError):
    """Something reached for the machine."""


@dataclass
class FakeDisks:
    """The gateway a plan meets first."""

    examine: Callable[[str], Disk]


def untouchable() -> Any:
    def touch(_path: str) -> Disk:
        raise TouchedError

    return SimpleNamespace(disks=FakeDisks(touch))


@pytest.fixture
def installer(tmp_path: Path) -> Installer:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cmdline").write_text("quiet node.install.disk=serial:S1\n")
    facts = msgspec.structs.replace(some_facts(), memory=Usage(used=0, total=2 * GIB))
    return Installer(
        read_facts=lambda: facts,
        root=tmp_path,
        examine_disks=lambda: (EMPTY, OTHER),
        find_source=lambda _root, arguments: Source(
            Path("/run/node/node.raucb"), "1.2.0", 150 * 2**20, "0" * 64, arguments
        ),
        system=untouchable,
    )


def ask(installer: Installer, line: str) -> None:
    (installer.root / "proc/cmdline").write_text(line + "\n")


def test_a_dry_run_tells_the_plan_and_touches_nothing(bench: Bench, installer: Installer) -> None:
    bench.engine.install = installer.install
    plan = bench.client("admin").install(dry_run=True)
    assert plan.kind == "install"
    assert plan.title.startswith("Install version 1.2.0 on ")
    assert plan.steps[0].startswith("Check that ")
    assert any("Root-A" in step for step in plan.steps)
    assert bench.client("viewer").operations() == ()


REFUSALS: list[tuple[str, type[NodeError], str]] = [
    ("node.install.disk=serial:S9", PlanError, "S9"),
    ("storage_init", PlanError, "vdb"),
    ("node.install.disk=serial:S1 node.install.disc=x", ConfigError, "disc"),
    ("node.install.disk=serial:S1 node.install.slot_size=1MiB", ConfigError, "1MiB"),
]


@pytest.mark.parametrize(("line", "kind", "words"), REFUSALS)
def test_a_refusal_touches_nothing_and_everybody_sees_it(
    bench: Bench, installer: Installer, line: str, kind: type[NodeError], words: str
) -> None:
    bench.engine.install = installer.install
    ask(installer, line)
    viewer = bench.client("viewer")
    with pytest.raises(kind, match=words):
        bench.client("admin").install(dry_run=True)
    assert viewer.operations() == ()
    with pytest.raises(kind, match=words):
        bench.client("admin").install(dry_run=False)
    (refused,) = viewer.operations()
    last = viewer.operation(refused.id).events[-1]
    assert (refused.state, refused.steps) == ("failed", ())
    assert words in f"{last.message}\n{last.hint}"


def test_an_installation_is_an_operation_with_the_plans_steps(
    bench: Bench, installer: Installer
) -> None:
    def vanish(path: str) -> Disk:
        raise StepError(f"{path} is gone", "Plug it in again.")

    fake: Any = SimpleNamespace(disks=FakeDisks(vanish))
    bench.engine.install = replace(installer, system=lambda: fake).install
    client = bench.client("admin")
    operation = client.install()
    assert operation.steps == client.install(dry_run=True).steps
    events: list[Event] = list(client.follow(operation.id))
    assert {event.operation for event in events} == {operation.id}
    assert [(e.step, e.state) for e in events] == [
        ("", "started"),
        ("check-disk", "started"),
        ("check-disk", "failed"),
        ("", "failed"),
    ]
    assert (events[-1].message, events[-1].hint) == ("/dev/vda is gone", "Plug it in again.")


def test_a_whole_installation_over_the_api(bench: Bench, installer: Installer) -> None:
    machine = FakeMachine(EMPTY)
    source = Source(Path("/run/node/node.raucb"), "1.2.0", len(IMAGE), SHA256)
    ask(installer, "node.install.disk=serial:S1 hostname=node1.example.com")
    bench.engine.install = replace(
        installer, system=lambda: machine, find_source=lambda _root, _arguments: source
    ).install
    operation = bench.client("admin").install()
    events = list(bench.client("viewer").follow(operation.id))
    assert (events[-1].state, events[-1].fraction) == ("done", 1.0)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert "node1.example.com" in machine.generation
    assert machine.slot == IMAGE


def test_foreign_arguments_go_to_the_installed_system(installer: Installer) -> None:
    seen = []

    def source(_root: Path, arguments: tuple[str, ...]) -> Source:
        seen.append(arguments)
        return installer.find_source(_root, arguments)

    ask(installer, "quiet node.install.disk=serial:S1 intel_iommu=on")
    replace(installer, find_source=source).plan()
    assert "intel_iommu=on" in seen[0]
