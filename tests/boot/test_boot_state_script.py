"""Every pair of copies and every state, decided by the real GRUB and by its twin in Python.

The real grub.cfg is loaded, then the two functions that start a kernel are replaced by ones that
say so and fail: GRUB walks through all that it would try, and really writes the copies.
"""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from node_tui.plan.boot_order import Boot
from node_tui.plan.boot_state import MARKS, SLOTS, BootState, parse_word
from node_tui.plan.environment_block import format_block, read_variable
from tests.boot.grub_disk import Installed, Parts, make_disk, read_from_esp
from tests.boot.harness.machine import Disk, Firmware, Machine
from tests.boot.harness.running import boot

pytest_plugins = ["tests.boot.grub_parts"]

TIMEOUT = 240.0
# How a copy can be bad: GRUB may write over the second, but not over the others.
WRONG_WORD = "0.A.A.good.good.1"
BLOCKS: dict[str, bytes | None] = {
    "missing": None,
    "torn": format_block("state", WRONG_WORD),
    "unmarked": b"x" + format_block("state", "2.B.B.good.good.2")[1:],
    "zeroes": bytes(512),
}
WRITABLE = {"torn"}

SCRIPT = """
set prefix=($root)/grub
source ($root)/grub/real.cfg
# The firmware's console is on the serial line already: everything would come twice.
if [ "$grub_platform" = efi ]; then terminal_output console; fi
function start_slot {{ echo "@ slot $1 $2"; return 1; }}
function start_rescue {{ echo "@ rescue $1"; return 1; }}
for number in {cases}; do
  echo "@ case $number"
  set prefix=($root)/cases/$number
  start_default
  start_rescue nothing-starts
done
echo "@ end"
sleep 600
"""


@dataclass(frozen=True)
class Case:
    """Two copies: a whole one, or the name of how it is bad."""

    first: BootState | str
    second: BootState | str

    @property
    def blocks(self) -> list[bytes | None]:
        return [
            BLOCKS[copy] if isinstance(copy, str) else format_block("state", str(copy))
            for copy in (self.first, self.second)
        ]

    def boot(self, *, writable: bool = True) -> Boot:
        pair = (self.first, self.second)
        copies = [None if isinstance(copy, str) else copy for copy in pair]
        able = [writable and (not isinstance(c, str) or c in WRITABLE) for c in pair]
        return Boot(copies, (able[0], able[1]))


def pairs() -> list[Case]:
    """Return every pair of GEN, whole or bad, the two copies telling different stories."""
    firsts: list[BootState | str] = [BootState(g, "A", "A", "try2", "bad") for g in range(3)]
    seconds: list[BootState | str] = [BootState(g, "B", "A", "good", "try3") for g in range(3)]
    return [Case(*pair) for pair in itertools.product([*firsts, *BLOCKS], [*seconds, *BLOCKS])]


def states() -> list[Case]:
    """Return every state there is, as the newer copy."""
    old = BootState(0, "A", "A", "good", "bad")
    every = itertools.product(SLOTS, SLOTS, MARKS, MARKS)
    return [Case(BootState(1, *fields), old) for fields in every]


def decided(text: str) -> list[list[str]]:
    """Return what GRUB said it would start, one list a case."""
    found = re.findall(r"@ (case|slot|rescue|end)([^\r\n]*)", text)
    cases: list[list[str]] = []
    for word, rest in found:
        if word == "case":
            cases.append([])
        elif word != "end":
            cases[-1].append(f"{word} {rest.replace('node.boot=', '').strip()}")
    return cases


def expected(machine: Boot) -> list[str]:
    """Return the same from the twin."""
    return [
        f"slot {attempt.slot} {attempt.reason}".strip()
        if attempt.slot
        else f"rescue {attempt.reason}"
        for attempt in machine.attempts()
    ]


def run_cases(
    parts: Parts, cases: list[Case], firmware: Firmware, folder: Path, *, read_only: bool = False
) -> None:
    """Let GRUB decide all ``cases`` in one boot and compare decisions and copies with the twin."""
    names = [f"{number:03}" for number in range(len(cases))]
    script = SCRIPT.format(cases=" ".join(names)).encode()
    real = (parts.boot_files / "esp/grub/grub.cfg").read_bytes()
    more = {"grub/real.cfg": real, "grub/grub.cfg": script}
    for name, case in zip(names, cases, strict=True):
        # A folder that is empty otherwise would not be made.
        more[f"cases/{name}/case"] = repr(case).encode()
        for copy, block in enumerate(case.blocks):
            if block is not None:
                more[f"cases/{name}/state{copy}"] = block
    disk_name = f"{firmware}-{folder.name}"
    disk = make_disk(
        parts, disk_name, Installed(a=None, b=None, state=None, rescue=False, more=more)
    )
    drive = Disk(image=disk, serial="D", format="raw", read_only=read_only)
    machine = Machine(name=disk_name, firmware=firmware, disks=(drive,), nics=())
    with boot(machine, folder) as running:
        running.serial.expect("@ end", timeout=TIMEOUT)
        said = decided(running.serial.transcript)
    twins = [case.boot(writable=not read_only) for case in cases]
    wrong = [
        f"{case}: GRUB {grub}, twin {twin}"
        for case, grub, twin in zip(cases, said, map(expected, twins), strict=True)
        if grub != twin
    ]
    assert not wrong, "\n".join(wrong[:10])
    written = read_from_esp(parts, disk, "cases", parts.work / f"{disk_name}.after")
    for name, case, twin in zip(names, cases, twins, strict=True):
        found = [_copy(written / name / f"state{copy}") for copy in (0, 1)]
        assert found == twin.copies, f"{case} (case {name})"


def _copy(path: Path) -> BootState | None:
    if not path.exists():
        return None
    block = path.read_bytes()
    assert len(block) == 512
    return parse_word(read_variable(block, "state") or "")


@pytest.mark.boot
def test_every_pair_of_copies_under_bios(parts: Parts, tmp_path: Path) -> None:
    run_cases(parts, pairs(), "bios", tmp_path)


@pytest.mark.boot
def test_every_pair_of_copies_under_secure_boot(parts: Parts, tmp_path: Path) -> None:
    run_cases(parts, pairs(), "uefi-secure", tmp_path)


@pytest.mark.boot
def test_every_state_under_bios(parts: Parts, tmp_path: Path) -> None:
    run_cases(parts, states(), "bios", tmp_path)


@pytest.mark.boot_long
def test_every_state_under_secure_boot(parts: Parts, tmp_path: Path) -> None:
    run_cases(parts, states(), "uefi-secure", tmp_path)


@pytest.mark.boot_long
@pytest.mark.parametrize("firmware", ["bios", "uefi-secure"])
def test_copies_that_cannot_be_written_start_the_proven_slot(
    parts: Parts, tmp_path: Path, firmware: Firmware
) -> None:
    run_cases(parts, pairs(), firmware, tmp_path, read_only=True)
