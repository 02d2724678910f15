"""nodectl reboot, poweroff."""

from argparse import Namespace

from node_tui.cli.terminal import say, say_json
from node_tui.client import Client
from persist.translation import _


def run(client: Client, arguments: Namespace) -> int:
    """Ask for it and return at once: systemd ends this session when it gets there."""
    client.power(arguments.verb)
    sentences = {"reboot": _("Restarting."), "poweroff": _("Turning off.")}
    if arguments.json:
        say_json({"action": arguments.verb})
    else:
        say(sentences[arguments.verb])
    return 0
