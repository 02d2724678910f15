"""nodectl health: whether this node works; with --mark the boot decides about its slot by it."""

import time
from argparse import Namespace
from collections.abc import Callable
from typing import TypeVar

from node_tui.cli.status import describe_check
from node_tui.cli.terminal import complain, say, say_json
from node_tui.client import Client
from persist.errors import AccessError, NodeError
from plugins.api.facts import Health, Slots

SECONDS_TO_BECOME_HEALTHY = 300.0
SECONDS_BETWEEN_LOOKS = 2.0
UNHEALTHY = 4
Answer = TypeVar("Answer")


def run(client: Client, arguments: Namespace) -> int:
    """Print the checks; return 4 when a required one fails.

    With --mark: a slot that still has to prove itself gets five minutes and is then marked, or the
    command fails and boot-complete.target with it. A slot that proved itself is never given up for
    a failing check: it is a line in the journal.
    """
    if not arguments.mark:
        return _report(client.health(fresh=True), "", as_json=arguments.json)
    deadline = time.monotonic() + SECONDS_TO_BECOME_HEALTHY
    unproven = _is_unproven(_retry(client.slots, lambda _slots: True, deadline))
    wanted = _is_healthy if unproven else lambda _health: True
    health = _retry(lambda: client.health(fresh=True), wanted, deadline)
    marked = _mark(client, deadline, unproven=unproven) if health.healthy else ""
    code = _report(health, marked, as_json=arguments.json)
    return code if unproven else 0


def _mark(client: Client, deadline: float, *, unproven: bool) -> str:
    """Mark the slot; one that proved itself before only gets a line when that fails."""
    try:
        return _retry(client.mark_good, lambda _words: True, deadline if unproven else 0.0)
    except NodeError as error:
        if unproven:
            raise
        complain(error)
        return ""


def _report(health: Health, marked: str, *, as_json: bool) -> int:
    if as_json:
        say_json({"health": health, "marked": marked})
    else:
        for check in health.checks:
            say(describe_check(check))
        if marked:
            say(marked)
    return 0 if health.healthy else UNHEALTHY


def _is_unproven(slots: Slots) -> bool:
    return any(slot.booted and slot.mark != "good" for slot in slots.slots)


def _is_healthy(health: Health) -> bool:
    return health.healthy


def _retry(ask: Callable[[], Answer], wanted: Callable[[Answer], bool], deadline: float) -> Answer:
    """Return the first wanted answer, or the last before ``deadline``.

    An engine that is still starting, or starting again, is waited for like everything else, and
    so is one that fails: at power-on much is not ready yet that will be.
    """
    while True:
        try:
            answer = ask()
        except AccessError:
            raise
        except NodeError:
            if time.monotonic() > deadline:
                raise
        else:
            if wanted(answer) or time.monotonic() > deadline:
                return answer
        time.sleep(SECONDS_BETWEEN_LOOKS)
