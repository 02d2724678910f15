"""Turn the machine off or start it again, through systemd."""

from importlib import import_module
from typing import Literal

PowerAction = Literal["reboot", "poweroff"]


class Power:
    """Asks systemd, which stops all services in order; returns before it happens."""

    def act(self, action: PowerAction) -> None:
        """Start ``action``; StepError when systemd refuses."""
        import_module("node_tui.system.command").run(["systemctl", "--no-block", action])
