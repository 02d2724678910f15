"""Runs the tests behind each line of an issue and writes down what was seen.

An issue brings only its table (see ``boots.py``): lines, each with the tests that prove it. The
result of every test is kept in ``dist/accept/`` with its commit, so ``--resume`` runs only what has
not passed, or what changed since: the product, the test or what the test is made of.
"""

import argparse
import json
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MEASURED = ROOT / "docs" / "measured"
KEPT = ROOT / "dist" / "accept"
BENCHES = ROOT / "dist" / "bench"
FRESH = "tests/accept/fresh/"
TABLE = re.compile(r"tests/accept/\w+\.py")
OTHER_TEST = re.compile(r"tests/.*/test_\w+\.py|tests/accept/.*")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the issue. ``tests`` are arguments of pytest: files, or node ids.

    ``broken`` says how its test was once seen to fail; ``not_run`` why nothing can run here.
    """

    name: str
    text: str
    tests: tuple[str, ...] = ()
    broken: str = ""
    not_run: str = ""


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """The table of one issue. ``versions`` are commands whose first line of output is a version."""

    name: str
    lines: tuple[Line, ...]
    versions: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What became of one test: passed, failed or why it was skipped; and on which commit."""

    outcome: str
    commit: str


@dataclass
class Recorder:
    """A plugin of pytest that keeps each test's outcome, skips with their reasons."""

    outcomes: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst phase of a test."""
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
            self.outcomes[report.nodeid] = str(reason)
        elif report.when == "call":
            self.outcomes.setdefault(report.nodeid, "passed")


def run(acceptance: Acceptance, argv: list[str], *, seed: int = 0) -> int:
    """Run the table, write ``docs/measured/NAME.json``, print it; 1 when a line failed."""
    options = parse_arguments(acceptance, argv)
    lines = [line for line in acceptance.lines if options.part in {None, line.name}]
    kept = KEPT / f"{acceptance.name}.json"
    seen = read_kept(kept) if options.resume or options.part else {}
    for asked in wanted_tests(lines):
        if not (options.resume and passed(asked, outcomes(seen))):
            now = commit()
            seen |= {
                test: Seen(outcome=outcome, commit=now)
                for test, outcome in run_tests(asked).items()
            }
            write_json(kept, {test: asdict(result) for test, result in seen.items()})
    rows = [{"line": line.name, **row(line, seen)} for line in acceptance.lines]
    report = {"issue": acceptance.name, **surroundings(acceptance, seed), "lines": rows}
    write_json(MEASURED / f"{acceptance.name}.json", report)
    print_table(rows)
    return int(any(entry["result"] == "fail" for entry in rows))


def parse_arguments(acceptance: Acceptance, argv: list[str]) -> argparse.Namespace:
    """Parse the command line of ``./dev accept NAME``."""
    parser = argparse.ArgumentParser(prog=f"./dev accept {acceptance.name}")
    parser.add_argument(
        "--resume", action="store_true", help="run only what failed, was not run or changed since"
    )
    names = [line.name for line in acceptance.lines]
    parser.add_argument("--part", choices=names, metavar="K", help=f"one of {', '.join(names)}")
    return parser.parse_args(argv)


def wanted_tests(lines: list[Line]) -> list[str]:
    """Return each argument of pytest once; one that a wider one covers is left out."""
    asked = list(dict.fromkeys(test for line in lines for test in line.tests))
    return [
        test
        for test in asked
        if not any(covered_by(wider, [test]) for wider in asked if wider != test)
    ]


def passed(asked: str, outcomes: dict[str, str]) -> bool:
    """Tell whether everything behind an argument ran and passed."""
    own = covered_by(asked, outcomes)
    return bool(own) and all(outcomes[test] == "passed" for test in own)


def run_tests(asked: str) -> dict[str, str]:
    """Run the tests and return node id -> passed, failed or why it was skipped."""
    recorder = Recorder()
    pytest.main(["-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", asked], plugins=[recorder])
    return recorder.outcomes


def outcomes(seen: dict[str, Seen]) -> dict[str, str]:
    """Return what became of each test."""
    return {test: result.outcome for test, result in seen.items()}


def row(line: Line, seen: dict[str, Seen]) -> dict[str, str | int]:
    """Return what is said about one line."""
    result, reason = verdict(line, outcomes(seen))
    own = [seen[test] for test in covered(line, outcomes(seen))]
    return {
        "text": line.text,
        "tests": " ".join(line.tests),
        "passed": sum(one.outcome == "passed" for one in own),
        "seen_on": " ".join(sorted({one.commit for one in own})),
        "result": result,
        "reason": reason,
        "seen_to_fail": line.broken,
    }


def verdict(line: Line, outcomes: dict[str, str]) -> tuple[str, str]:
    """Return pass, fail or not run, and the reason. A line passes when all its tests passed."""
    if line.not_run:
        return "not run", line.not_run
    own = {test: outcomes[test] for test in covered(line, outcomes)}
    failed = [test for test, outcome in own.items() if outcome == "failed"]
    if failed:
        return "fail", ", ".join(failed)
    skipped = sorted({outcome for outcome in own.values() if outcome != "passed"})
    missing = [asked for asked in line.tests if not covered_by(asked, outcomes)]
    if skipped or missing or not own:
        return "not run", "; ".join([*skipped, *(f"{name} did not run" for name in missing)])
    return "pass", ""


def covered(line: Line, outcomes: dict[str, str]) -> list[str]:
    """Return the node ids of the line's tests."""
    return [test for asked in line.tests for test in covered_by(asked, outcomes)]


def covered_by(asked: str, outcomes: Iterable[str]) -> list[str]:
    """Return the node ids that an argument of pytest stands for: a folder, a file, a test."""
    begins = re.compile(re.escape(asked.rstrip("/")) + r"($|/|::|\[)")
    return [test for test in outcomes if begins.match(test)]


def surroundings(acceptance: Acceptance, seed: int) -> dict[str, object]:
    """Return where and with what the numbers hold."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", cpuinfo)
    versions = {" ".join(argv): first_line(argv) for argv in acceptance.versions}
    figures = {path.stem: json.loads(path.read_text()) for path in sorted(BENCHES.glob("*.json"))}
    return {
        "commit": commit(),
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "processor": f"{cpuinfo.count('processor')} x {model[1] if model else platform.machine()}",
        "versions": versions | {"python": platform.python_version()},
        "seed": seed,
        "figures": figures,
    }


def commit() -> str:
    """Return the commit that is tried, marked when the tree differs from it."""
    return first_line(("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"))


def first_line(argv: tuple[str, ...]) -> str:
    """Return the first line that a command prints."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "not installed"
    return next(iter((done.stdout or done.stderr).splitlines()), "")


def read_kept(path: Path) -> dict[str, Seen]:
    """Return the results of earlier runs that still say something about this tree."""
    if not path.exists():
        return {}
    kept = {test: Seen(**result) for test, result in json.loads(path.read_text()).items()}
    changed = {seen.commit: changed_since(seen.commit) for seen in kept.values()}
    return {test: seen for test, seen in kept.items() if still_holds(test, changed[seen.commit])}


def changed_since(seen_on: str) -> tuple[str, ...] | None:
    """Return the paths that differ from a commit; None when that commit cannot be compared."""
    argv = ("git", "-C", str(ROOT), "diff", "--name-only", seen_on, "--")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return tuple(done.stdout.splitlines()) if done.returncode == 0 else None


def still_holds(test: str, changed: tuple[str, ...] | None) -> bool:
    """Tell whether nothing that a test proves or is made of changed: other tests and words did."""
    own = test.partition("::")[0]
    # What runs all the tests in another place is made of all of them.
    others = TABLE if own.startswith(FRESH) else OTHER_TEST
    return changed is not None and all(
        path != own and (path.startswith("docs/") or path.endswith(".md") or others.fullmatch(path))
        for path in changed
    )


def write_json(path: Path, value: object) -> None:
    """Write a value in a stable form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def print_table(rows: list[dict[str, str | int]]) -> None:
    """Print part -> tests -> seen."""
    for entry in rows:
        seen = entry["result"] if entry["result"] != "pass" else f"{entry['passed']} passed"
        sys.stdout.write(f"{entry['line']:10} {seen!s:12} {entry['text']}\n")
        for test in str(entry["tests"]).split():
            sys.stdout.write(f"{'':23} {test}\n")
        if entry["reason"]:
            sys.stdout.write(f"{'':23} because: {entry['reason']}\n")
