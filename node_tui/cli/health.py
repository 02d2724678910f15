"""nodectl health: whether this node works; with --mark the boot decides about its slot by it."""

import time
from argparse import Namespace

from node_tui.cli.status import describe_check
from node_tui.cli.terminal import say, say_json
from node_tui.client import Client, EngineAbsentError
from plugins.api.facts import Health, Slots

SECONDS_TO_BECOME_HEALTHY = 300.0
SECONDS_BETWEEN_LOOKS = 2.0
UNHEALTHY = 4


def run(client: Client, arguments: Namespace) -> int:
    """Print the checks; return 4 when a required one fails.

    With --mark: a slot that still has to prove itself gets five minutes and is then marked, or the
    command fails and boot-complete.target with it. A slot that proved itself is never given up for
    a failing check: it is a line in the journal.
    """
    unproven = arguments.mark and _is_unproven(_wait_for_slots(client))
    health = _wait_until_healthy(client) if unproven else client.health(fresh=True)
    marked = client.mark_good() if arguments.mark and health.healthy else ""
    if arguments.json:
        say_json({"health": health, "marked": marked})
    else:
        for check in health.checks:
            say(describe_check(check))
        if marked:
            say(marked)
    return 0 if health.healthy or (arguments.mark and not unproven) else UNHEALTHY


def _is_unproven(slots: Slots) -> bool:
    return any(slot.booted and slot.mark != "good" for slot in slots.slots)


def _wait_for_slots(client: Client) -> Slots:
    """Return the slots; the engine may still be starting."""
    deadline = time.monotonic() + SECONDS_TO_BECOME_HEALTHY
    while True:
        try:
            return client.slots()
        except EngineAbsentError:
            if time.monotonic() > deadline:
                raise
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _wait_until_healthy(client: Client) -> Health:
    deadline = time.monotonic() + SECONDS_TO_BECOME_HEALTHY
    while True:
        health = client.health(fresh=True)
        if health.healthy or time.monotonic() > deadline:
            return health
        time.sleep(SECONDS_BETWEEN_LOOKS)
