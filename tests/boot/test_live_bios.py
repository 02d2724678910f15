"""BIOS, live from the ISO, no argument given: the console shows the node; nothing is open."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.harness.running import Running, boot
from tests.boot.node import BOOT_TIMEOUT, STATUS_PAGE, live_machine

pytestmark = pytest.mark.boot


@pytest.fixture(scope="module")
def live(qemu: None, dist: Path, logs: Path) -> Iterator[Running]:
    """The live system."""
    with boot(live_machine(dist, "live-bios"), logs / "live-bios") as vm:
        yield vm


def test_status_page_on_the_virtual_terminal(live: Running) -> None:
    live.expect_screen(STATUS_PAGE, timeout=BOOT_TIMEOUT)
    live.expect_screen("Live system: nothing is kept", timeout=60)
    live.save_picture("status")


def test_status_page_on_serial_after_a_key(live: Running) -> None:
    live.serial.expect(r"(?i)press .*key", timeout=BOOT_TIMEOUT)
    assert STATUS_PAGE not in live.serial.screen()
    live.serial.send("\r")
    live.serial.expect_screen(STATUS_PAGE, timeout=120)


def test_it_knows_that_it_is_live(live: Running) -> None:
    facts = json.loads(live.root.run("nodectl facts --json"))
    assert (facts["boot_mode"], facts["firmware"]) == ("live", "bios")
    assert facts["disks"][0]["owner"] == "boot-medium"


def test_nothing_failed(live: Running) -> None:
    live.root.attempt("systemctl is-system-running --wait", timeout=300)
    assert live.root.run("systemctl list-units --failed --plain --no-legend") == ""


def test_ssh_is_closed_without_a_credential(live: Running) -> None:
    assert live.root.run("ss --listening --numeric --tcp --no-header 'sport = :22'") == ""


def test_the_overlay_has_a_limit_and_a_visible_upper(live: Running) -> None:
    live.root.run(
        "touch /etc/written-by-test && test -e /run/node/overlay/upper/etc/written-by-test"
    )
    options = live.root.run("findmnt -n -o OPTIONS --target /run/node/overlay/upper")
    assert "size=" in options
    assert "nr_inodes=" in options
