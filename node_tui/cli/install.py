"""nodectl install: what the kernel arguments ask for, as a plan, followed, or unattended."""

import time
from argparse import Namespace
from pathlib import Path
from textwrap import indent

from kickstart.arguments import parse_command_line
from kickstart.merge import merge_config
from node_tui.cli.operations import follow
from node_tui.cli.terminal import say, say_json
from node_tui.client import Client, EngineAbsentError, EngineSilentError
from persist.errors import NodeError
from persist.translation import _
from plugins.api.events import Operation

COMMAND_LINE = Path("/proc/cmdline")
SECONDS_FOR_THE_ENGINE = 120.0
SECONDS_BETWEEN_LOOKS = 0.5


def run(client: Client, arguments: Namespace) -> int:
    """Install, or print the plan."""
    if arguments.dry_run:
        return show_plan(client, as_json=arguments.json)
    if arguments.unattended:
        return install_unattended(client, as_json=arguments.json)
    return follow(client, client.install().id, as_json=arguments.json)


def show_plan(client: Client, *, as_json: bool) -> int:
    """Print what an installation would do."""
    plan = client.install(dry_run=True)
    if as_json:
        say_json(plan)
        return 0
    say(plan.title)
    for number, step in enumerate(plan.steps, 1):
        say(f"{number:3}. {step}")
    return 0


def install_unattended(client: Client, *, as_json: bool) -> int:
    """Install once, tell every event, then reboot; on failure say why and wait for a human.

    A refusal or failure ends with the exit code of its kind: node-install.service is failed then,
    and ``systemctl --failed`` names the one thing this boot was for. Nothing is tried again by
    itself: what failed would fail again, and the machine stays up to be looked at.
    """
    try:
        operation = _start(client)
    except EngineSilentError:
        raise  # nobody knows what it does: "nothing was written" would be a guess
    except NodeError as error:
        say(_("Installation refused, nothing was written: {reason}").format(reason=error.message))
        if error.hint:
            say(indent(error.hint, "  "))
        say(_("This machine waits: mend the cause and start it again."))
        return error.exit_code
    code = follow(client, operation.id, as_json=as_json)
    if code == 0:
        _reboot(client)
    else:
        say(_("The installation failed. This machine waits: mend the cause and start it again."))
    return code


def _start(client: Client) -> Operation:
    """Start the installation; at boot the engine may not listen yet."""
    deadline = time.monotonic() + SECONDS_FOR_THE_ENGINE
    while True:
        try:
            return client.install()
        except EngineAbsentError:
            if time.monotonic() > deadline:
                raise
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _reboot(client: Client) -> None:
    """Restart when the kernel arguments want it, after the pause that they name."""
    asked = merge_config(None, parse_command_line(read_command_line())).config.install
    if not asked.reboot:
        say(_("Installed. Remove the medium and restart this machine."))
        return
    say(_("Installed. Restarting in {seconds} s.").format(seconds=asked.reboot_delay))
    time.sleep(asked.reboot_delay)
    client.power("reboot")


def read_command_line() -> str:
    """Return the kernel's command line."""
    return COMMAND_LINE.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n")
