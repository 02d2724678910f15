"""BIOS: installed without a question, back from its own disk. UEFI has the full list of checks."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.conftest import start_installed
from tests.boot.harness.running import Running
from tests.boot.node import (
    BOOT_TIMEOUT,
    HOSTNAME,
    STATUS_PAGE,
    Installed,
    await_boot_complete,
    ssh_client,
)

pytestmark = pytest.mark.boot_long


@pytest.fixture(scope="module")
def node(installed_bios: Installed, logs: Path) -> Iterator[Running]:
    """The installed machine, booted from its disk."""
    yield from start_installed(installed_bios, "bios", logs / "installed-bios")


def test_status_page_on_the_virtual_terminal(node: Running) -> None:
    node.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
    node.expect_screen(HOSTNAME, timeout=60)


def test_ssh_by_key(node: Running) -> None:
    client = ssh_client(node)
    client.await_login(timeout=120)
    assert HOSTNAME in client.run("nodectl status --json")


def test_it_came_from_slot_a(node: Running) -> None:
    facts = json.loads(node.root.run("nodectl facts --json"))
    assert (facts["firmware"], facts["boot_mode"]) == ("bios", "installed")
    assert facts["slots"]["booted"] == "A"


def test_nothing_failed(node: Running) -> None:
    node.root.attempt("systemctl is-system-running --wait", timeout=300)
    assert node.root.run("systemctl list-units --failed --plain --no-legend") == ""


def test_it_boots_again_after_a_power_cut(node: Running) -> None:
    """Reset without a shutdown: journals replay, the mark of the slot stays."""
    await_boot_complete(node)
    node.reset()
    node.expect_screen("^$", timeout=60)
    node.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
    slots = json.loads(node.root.run("nodectl slots --json", timeout=300))
    assert (slots["booted"], slots["slots"][0]["mark"]) == ("A", "good")
