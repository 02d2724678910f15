"""nodectl operations: long work of the engine, running or ended."""

import time
from argparse import Namespace
from collections.abc import Iterator
from textwrap import indent

import msgspec

from node_tui.cli.terminal import say, say_json
from node_tui.client import Client, EngineAbsentError, EngineSilentError
from persist.errors import NodeError
from persist.translation import _
from plugins.api.events import Event, Operation

FAILED = 4  # as a step that failed
SECONDS_FOR_THE_ENGINE = 120.0
SECONDS_BETWEEN_LOOKS = 1.0


def run(client: Client, arguments: Namespace) -> int:
    """List the operations, or print the events of one."""
    if arguments.number is None:
        return _list(client, as_json=arguments.json)
    if arguments.follow:
        return follow(client, arguments.number, as_json=arguments.json)
    operation = client.operation(arguments.number)
    if arguments.json:
        say_json(operation)
        return 0
    say(describe_operation(operation))
    for event in operation.events:
        say(describe_event(event))
    return 0


def follow(client: Client, number: str, *, as_json: bool) -> int:
    """Print events until the operation ends; return 0 when it ended well."""
    last: Event | None = None
    for event in _follow_through(client, number):
        say(msgspec.json.encode(event).decode() if as_json else describe_event(event))
        last = event
    return 0 if last and last.state == "done" and not last.step else FAILED


def _follow_through(client: Client, number: str) -> Iterator[Event]:
    """Yield events to the end; a stream that breaks is taken up again where it broke.

    A machine that writes at full speed may keep the engine silent for longer than anybody waits.
    Who gave up then would never restart a node that is installed.
    """
    told = 0
    while True:
        try:
            for event in client.follow(number, after=told):
                told += 1
                yield event
        except (EngineAbsentError, EngineSilentError):
            if not _is_still_known(client, number):
                raise
        else:
            return


def _is_still_known(client: Client, number: str) -> bool:
    """Wait for the engine and say whether it still knows the operation; a new one does not."""
    deadline = time.monotonic() + SECONDS_FOR_THE_ENGINE
    while time.monotonic() < deadline:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        try:
            client.operation(number)
        except (EngineAbsentError, EngineSilentError):
            continue
        except NodeError:
            return False
        return True
    return False


def describe_operation(operation: Operation) -> str:
    """Return an operation in one line."""
    percent = round(100 * operation.fraction)
    return f"{operation.id}  {operation.state}  {percent} %  {operation.title}"


def describe_event(event: Event) -> str:
    """Return an event in one line, its remedy on a second."""
    head = f"{round(100 * event.fraction):3} %  {event.state:8}"
    line = "  ".join(part for part in (head, event.step, event.message) if part)
    return f"{line}\n{indent(event.hint, '      ')}" if event.hint else line


def _list(client: Client, *, as_json: bool) -> int:
    operations = client.operations()
    if as_json:
        say_json(operations)
        return 0
    for operation in operations:
        say(describe_operation(operation))
    if not operations:
        say(_("No operation since the engine started."))
    return 0
