"""Whether this node works: the checks that decide about an unproven slot."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from node_tui.system.boot_mode import read_boot
from node_tui.system.guests import ask_libvirt
from node_tui.system.health_config import check_config
from node_tui.system.health_network import check_network
from node_tui.system.release import read_release
from node_tui.system.slots import SlotKeeper
from persist.errors import NodeError, PlanError
from persist.translation import _
from plugins.api.facts import Check, Health

# How long a check that passed is believed when nobody asks for a fresh one. Asking libvirt starts
# its daemon, which would never leave memory again under the eyes of a status page; the config check
# reads a whole generation.
SECONDS_BELIEVED: Mapping[str, float] = {"libvirt": 3600.0, "config": 60.0}


class HealthReader:
    """Runs the checks of this image; a broken check is a failed one, with the reason."""

    def __init__(
        self,
        slots: SlotKeeper,
        root: Path = Path("/"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = slots
        self._root = root
        self._clock = clock
        self._lock = Lock()
        self._passed: dict[str, tuple[float, Check]] = {}

    def run(self, *, fresh: bool) -> Health:
        """Return the result of every check; ``fresh`` believes no earlier one."""
        with self._lock:
            checks = tuple(
                self._run_one(name, check, fresh=fresh)
                for name, check in self._choose_checks().items()
            )
        return Health(healthy=all(c.passed for c in checks if c.required), checks=checks)

    def mark_good(self) -> str:
        """Mark the booted slot good; PlanError while a required check fails."""
        health = self.run(fresh=True)
        failed = [check for check in health.checks if check.required and not check.passed]
        if failed:
            raise PlanError(
                _("The slot is not marked good, {name} failed: {reason}").format(
                    name=failed[0].name, reason=failed[0].message
                ),
                failed[0].hint,
            )
        return self._slots.mark_booted_good()

    def _choose_checks(self) -> dict[str, Callable[[], str]]:
        """Return what is checked here: by image variant and by how the node was started."""
        checks: dict[str, Callable[[], str]] = {
            "engine": lambda: _("answers"),
            "network": lambda: check_network(self._root),
        }
        if read_release(self._root).variant == "hypervisor":
            checks["libvirt"] = _check_libvirt
        if _is_installed(self._root):
            checks["config"] = lambda: check_config(self._root)
        return checks

    def _run_one(self, name: str, check: Callable[[], str], *, fresh: bool) -> Check:
        now = self._clock()
        when, before = self._passed.get(name, (0.0, None))
        if before and not fresh and now - when < SECONDS_BELIEVED.get(name, 0.0):
            return before
        self._passed.pop(name, None)
        try:
            result = Check(name=name, passed=True, message=check())
        except NodeError as error:
            return Check(name=name, passed=False, message=error.message, hint=error.hint)
        except OSError as error:
            return Check(name=name, passed=False, message=str(error))
        self._passed[name] = (now, result)
        return result


def _is_installed(root: Path) -> bool:
    try:
        return read_boot(root).mode == "installed"
    except NodeError:
        return False


def _check_libvirt() -> str:
    guests = ask_libvirt()
    return _("answers, {running} guests run").format(running=guests.running)
