"""Processes: how they end is said in words, secrets never leave."""

import logging
import sys

import pytest

from node_tui.system.command import Output, explain_exit, hide, run
from persist.errors import DependencyError, StepError


def test_output_comes_back() -> None:
    assert run(["/bin/echo", "a;b"]) == Output("a;b\n", "", 0)


def test_stdin_is_given() -> None:
    assert run(["/bin/cat"], stdin="words").stdout == "words"


def test_a_missing_program_is_a_dependency() -> None:
    with pytest.raises(DependencyError, match="The program no-such-tool is missing") as caught:
        run(["no-such-tool"])
    assert caught.value.tool == "no-such-tool"


def test_exit_127_of_a_wrapper_is_a_dependency() -> None:
    with pytest.raises(DependencyError, match="missing from this image"):
        run(["/bin/sh", "-c", "no-such-tool"])


def test_failure_says_command_code_and_last_words() -> None:
    with pytest.raises(StepError) as caught:
        run(["/bin/sh", "-c", "echo disk is on fire >&2; exit 3"])
    assert "failed: exit code 3" in caught.value.message
    assert caught.value.hint == "disk is on fire"


def test_accepted_codes_are_no_failure() -> None:
    assert run(["/bin/sh", "-c", "exit 2"], accept=(0, 2)).exit_code == 2


def test_a_signal_is_named() -> None:
    with pytest.raises(StepError, match=r"ended by SIGSEGV \(crashed"):
        run([sys.executable, "-c", "import os; os.kill(os.getpid(), 11)"])


def test_time_limit() -> None:
    with pytest.raises(StepError, match=r"did not end within 0\.1 seconds"):
        run(["/bin/sleep", "60"], timeout=0.1)


def test_secrets_are_neither_logged_nor_raised(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(StepError) as caught:
        run(["/bin/sh", "-c", "echo hunter2 >&2; exit 1", "hunter2"], secrets=("hunter2",))
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in caplog.text
    assert "***" in str(caught.value)


def test_the_longest_secret_is_hidden_first() -> None:
    assert hide("abc abcd", ("abc", "abcd", "")) == "*** ***"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (1, "exit code 1"),
        (137, "ended by SIGKILL (killed, often because memory ran out)"),
        (-15, "ended by SIGTERM (asked to stop)"),
        (255, "exit code 255"),
    ],
)
def test_exit_codes_in_words(code: int, text: str) -> None:
    assert explain_exit(code) == text
