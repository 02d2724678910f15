"""Turn the machine off or start it again, through systemd."""

from typing import Literal

from node_tui.system.command import run

PowerAction = Literal["reboot", "poweroff"]


class Power:
    """Asks systemd, which stops all services in order; returns before it happens."""

    def act(self, action: PowerAction) -> None:
        """Start ``action``; StepError when systemd refuses."""
        run(["systemctl", "--no-block", action])
