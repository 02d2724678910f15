"""What a line of an issue says about itself, from the outcomes of its tests."""

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.accept import boots, runner
from tests.accept.runner import Line, Seen, verdict

LINE = Line(name="1", text="It boots.", tests=("tests/boot/test_a.py", "tests/b.py::test_c"))


@pytest.mark.parametrize(
    ("outcomes", "result", "reason"),
    [
        ({"tests/boot/test_a.py::x": "passed", "tests/b.py::test_c[1]": "passed"}, "pass", ""),
        (
            {"tests/boot/test_a.py::x": "failed", "tests/b.py::test_c": "passed"},
            "fail",
            "tests/boot/test_a.py::x",
        ),
        (
            {"tests/boot/test_a.py::x": "no root", "tests/b.py::test_c": "passed"},
            "not run",
            "no root",
        ),
        ({"tests/boot/test_a.py::x": "passed"}, "not run", "tests/b.py::test_c did not run"),
        (
            {"tests/boot/test_a.py::x": "passed", "tests/b.py::test_cc": "passed"},
            "not run",
            "tests/b.py::test_c did not run",
        ),
    ],
)
def test_verdict(outcomes: dict[str, str], result: str, reason: str) -> None:
    assert verdict(LINE, outcomes) == (result, reason)


def test_a_line_without_tests_never_passes() -> None:
    assert verdict(Line(name="1", text="It flies."), {})[0] == "not run"


def test_shared_tests_run_once() -> None:
    lines = [
        LINE,
        Line(name="2", text="It flies.", tests=("tests/b.py", "tests/boot/test_a.py")),
    ]
    assert runner.wanted_tests(lines) == ["tests/boot/test_a.py", "tests/b.py"]


def test_the_tests_of_boots_exist() -> None:
    asked = [test for line in boots.ACCEPTANCE.lines for test in line.tests]
    missing = [test for test in asked if not (runner.ROOT / test.partition("::")[0]).exists()]
    assert missing == []


def test_results_outlive_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.json"
    seen = {"a": Seen(outcome="passed", commit="abc")}
    runner.write_json(path, {test: asdict(result) for test, result in seen.items()})
    monkeypatch.setattr(runner, "changed_since", lambda _commit: ())
    assert runner.read_kept(path) == seen
    monkeypatch.setattr(runner, "changed_since", lambda _commit: ("node_tui/apply.py",))
    assert runner.read_kept(path) == {}


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        ((), True),
        (("docs/boot.md", "CHANGELOG.md", "tests/accept/boots.py"), True),
        (("tests/boot/test_b.py",), True),
        (("tests/boot/test_a.py",), False),
        (("tests/boot/node.py",), False),
        (("image/build/node.cfg",), False),
        (None, False),
    ],
)
def test_a_result_holds_until_what_it_proves_changes(
    changed: tuple[str, ...] | None, *, holds: bool
) -> None:
    assert runner.still_holds("tests/boot/test_a.py::test_x[1]", changed) == holds


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("docs/measured/boots.json", True),
        ("tests/accept/boots.py", True),
        ("tests/boot/test_a.py", False),
        ("tests/accept/fresh/debian.py", False),
    ],
)
def test_what_runs_all_tests_is_made_of_all(path: str, *, holds: bool) -> None:
    assert runner.still_holds("tests/accept/fresh/in_debian.py::test_x", (path,)) == holds


def test_a_foreign_commit_cannot_be_compared() -> None:
    assert runner.changed_since("no-such-commit") is None
    assert runner.changed_since("HEAD") is not None
