"""nodectl operations: long work of the engine, running or ended."""

from argparse import Namespace
from textwrap import indent

import msgspec

from node_tui.cli.terminal import say, say_json
from node_tui.client import Client
from persist.translation import _
from plugins.api.events import Event, Operation

FAILED = 4  # as a step that failed


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
    for event in client.follow(number):
        say(msgspec.json.encode(event).decode() if as_json else describe_event(event))
        last = event
    return 0 if last and last.state == "done" and not last.step else FAILED


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
