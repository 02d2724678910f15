"""Whether this node works: the checks that decide about an unproven slot."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from node_tui.system.boot_mode import read_boot
from node_tui.system.guests import ask_libvirt
from node_tui.system.health_config import check_config
from node_tui.system.health_network import check_network
from node_tui.system.health_restore import check_restore
from node_tui.system.release import read_release
from node_tui.system.slots import SlotKeeper
from persist.errors import NodeError, PlanError
from persist.translation import _
from plugins.api.facts import Check, Health

# How long a passed check is believed when nobody asks for a fresh one: the config check reads a
# whole generation; asking libvirt starts its daemon, which would never leave memory again under the
# eyes of a status page.
SECONDS_BELIEVED: Mapping[str, float] = {"libvirt": 3600.0, "config": 60.0}
# Checks that may take long. Only who asks for fresh results waits for them; a status page is told
# the last result, and nothing before there is one.
SLOW = frozenset(("libvirt",))
SECONDS_TO_TRY_AGAIN = 30.0
SECONDS_OF_NOW = 15.0
# Checks that are shown and decide nothing.
WANTED = frozenset(("restore",))

log = logging.getLogger("node.health")
RunCheck = Callable[[], str]


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
        self._known: dict[str, tuple[float, Check]] = {}
        self._background = ThreadPoolExecutor(len(SLOW), thread_name_prefix="health")
        self._running: dict[str, Future[Check]] = {}
        self._looking = Lock()
        self._looked: tuple[float, Health] | None = None

    def run(self, *, fresh: bool) -> Health:
        """Return the result of every check; ``fresh`` believes no earlier one.

        One fresh look at a time: who asks meanwhile gets what the next one finds.
        """
        if not fresh:
            return self._check(fresh=False)
        asked = self._clock()
        with self._looking:
            if self._looked is None or self._looked[0] <= asked:
                self._looked = (self._clock(), self._check(fresh=True))
            return self._looked[1]

    def _check(self, *, fresh: bool) -> Health:
        checks = []
        for name, check in self._choose_checks().items():
            result = self._run_one(name, check) if fresh else self._recall(name, check)
            if result:
                checks.append(result)
        healthy = all(check.passed for check in checks if check.required)
        return Health(healthy=healthy, checks=tuple(checks))

    def mark_good(self) -> str:
        """Mark the booted slot good; PlanError while a required check fails."""
        checks = [
            self._recent(name) or self._run_one(name, check)
            for name, check in self._choose_checks().items()
        ]
        failed = [check for check in checks if check.required and not check.passed]
        if failed:
            raise PlanError(
                _("The slot is not marked good, {name} failed: {reason}").format(
                    name=failed[0].name, reason=failed[0].message
                ),
                failed[0].hint,
            )
        return self._slots.mark_booted_good()

    def _choose_checks(self) -> dict[str, RunCheck]:
        """Return what is checked here: by image variant and by how the node was started."""
        checks: dict[str, RunCheck] = {
            "engine": lambda: _("answers"),
            "network": lambda: check_network(self._root),
            "restore": lambda: check_restore(self._root),
        }
        if read_release(self._root).variant == "hypervisor":
            checks["libvirt"] = _check_libvirt
        if _is_installed(self._root):
            checks["config"] = lambda: check_config(self._root)
        return checks

    def _recent(self, name: str) -> Check | None:
        """Return a result of just now: who asks for the mark has asked for the checks before."""
        when, known = self._known.get(name, (0.0, None))
        return known if self._clock() - when < SECONDS_OF_NOW else None

    def _recall(self, name: str, check: RunCheck) -> Check | None:
        """Return a result that is still believed, else a new one; of a slow check the last one."""
        when, known = self._known.get(name, (0.0, None))
        age = self._clock() - when
        believed = SECONDS_BELIEVED.get(name, 0.0)
        if known and known.passed and age < believed:
            return known
        if name not in SLOW:
            return self._run_one(name, check)
        running = self._running.get(name)
        recent = known is not None and age < SECONDS_TO_TRY_AGAIN
        if not recent and (running is None or running.done()):
            self._running[name] = self._background.submit(self._run_one, name, check)
        return known

    def _run_one(self, name: str, check: RunCheck) -> Check:
        required = name not in WANTED
        try:
            result = Check(name=name, passed=True, required=required, message=check())
        except NodeError as error:
            result = Check(
                name=name, passed=False, required=required, message=error.message, hint=error.hint
            )
        except Exception as error:
            # A check that stumbles must not take the others with it, nor the answer as a whole.
            if not isinstance(error, OSError):
                log.exception("health: the check %s failed", name)
            told = str(error) or type(error).__name__
            result = Check(name=name, passed=False, required=required, message=told)
        self._known[name] = (self._clock(), result)
        return result


def _is_installed(root: Path) -> bool:
    try:
        return read_boot(root).mode == "installed"
    except NodeError:
        return False


def _check_libvirt() -> str:
    guests = ask_libvirt()
    return _("answers, {running} guests run").format(running=guests.running)
