"""Before switch-root, in the new root: bring back what the node remembers and render its config.

Nothing else runs yet. Whatever goes wrong here must never keep the node from booting: each part has
its own net, what failed is told on stderr and in ``/run/node/restore.json``, and the rest goes on.
"""

import contextlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from kickstart.arguments import Arguments, Setting, parse_leniently
from kickstart.merge import Merged, merge_config
from node_tui.system.boot_mode import Boot, read_boot
from persist.errors import ConfigError, NodeError, PlanError
from persist.model import NodeConfig
from persist.store import DamagedGenerationError, Generation, place_files, read_generation
from persist.store.line import SLOTS, Slot, list_generations
from persist.toml import dump_config, load_config
from persist.translation import _

T = TypeVar("T")

COMMAND_LINE = Path("proc/cmdline")
CONFIG_DIR = Path("config")
RUN = Path("run/node")
_SECURITY = ("security", "ssh")


@dataclass(frozen=True)
class Remembered:
    """The generation that this boot uses, its config, and those passed over before it."""

    generation: Generation | None = None
    config: NodeConfig | None = None
    skipped: tuple[str, ...] = ()


@dataclass
class Report:
    """What happened, for the console and ``nodectl why``; holds no secret."""

    boot: Boot
    errors: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def refuse(self, error: ConfigError) -> None:
        """Note an error that an admin has to mend in the arguments or the config."""
        told = {"path": error.path, "message": error.message, "hint": error.hint}
        self.errors.append({name: _printable(text) for name, text in told.items()})
        say(_printable(str(error)))

    def attempt(self, what: str, action: Callable[[], T], otherwise: T) -> T:
        """Return what ``action`` gives; note its failure and return ``otherwise`` instead."""
        try:
            return action()
        except (NodeError, OSError) as error:
            self.note(f"{what}: {error}")
        except Exception as error:
            traceback.print_exc()
            self.note(f"{what}: {type(error).__name__}")
        return otherwise

    def note(self, problem: str) -> None:
        """Note something that did not work."""
        self.problems.append(_printable(problem))
        say(_printable(problem))


def main() -> int:
    """Restore onto ``/``; the exit code is always 0, because the boot goes on in any case."""
    return restore(Path("/"))


def restore(root: Path) -> int:
    """Bring back and render everything below ``root``."""
    started = time.monotonic()
    report = Report(_read_boot(root))
    arguments = _read_arguments(root, report)
    remembered = report.attempt(
        _("reading what is remembered"), lambda: _remember(root, report), Remembered()
    )
    merged = report.attempt(
        _("merging the config"),
        lambda: _merge(remembered.config, arguments, report),
        merge_config(None, Arguments()),
    )
    if remembered.generation is not None:
        _place(remembered.generation, root, report)
    report.attempt(_("rendering the config"), lambda: _write_config(root, merged, report), None)
    unattended = _is_unattended(arguments, report)
    report.facts |= _summarise(merged, arguments, remembered)
    report.facts |= {"unattended": unattended, "seconds": round(time.monotonic() - started, 3)}
    report.attempt(_("writing the report"), lambda: _write_report(root, merged, report), None)
    return 0


def _read_boot(root: Path) -> Boot:
    """Without a readable record the node is a live one: nothing is remembered, nothing harmed."""
    try:
        return read_boot(root)
    except PlanError as error:
        say(str(error))
        return Boot(mode="live")


def _printable(text: str) -> str:
    """Escape what a terminal obeys and what JSON cannot hold: a command line may be any bytes."""
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape").decode()
        for one in text
    )


def say(message: str) -> None:
    """Tell whoever watches the boot; the journal keeps it."""
    sys.stderr.write(f"node restore: {message}\n")


def _read_arguments(root: Path, report: Report) -> Arguments:
    def read() -> Arguments:
        command_line = os.fsdecode((root / COMMAND_LINE).read_bytes())
        arguments, errors = parse_leniently(command_line)
        for error in errors:
            report.refuse(error)
        return arguments

    return report.attempt(_("reading the kernel arguments"), read, Arguments())


def _remember(root: Path, report: Report) -> Remembered:
    """Return the newest generation that verifies and that this image understands."""
    if report.boot.mode != "installed":
        return Remembered()
    if report.boot.config.startswith("unreadable"):
        report.note(_("CONFIG UNREADABLE: {why}").format(why=report.boot.config))
    skipped: list[str] = []
    for path in _candidates(root / CONFIG_DIR, report.boot.slot):
        try:
            generation = read_generation(path)
            config = load_config(generation.node_toml)
        except (DamagedGenerationError, ConfigError) as reason:
            report.note(_("{path} is not used: {reason}").format(path=path, reason=reason))
            skipped.append(report.problems[-1])
        else:
            return Remembered(generation, config, tuple(skipped))
    report.note(_("nothing is remembered: this boot uses the image's defaults"))
    return Remembered(skipped=tuple(skipped))


def _candidates(config_dir: Path, slot: Slot | None) -> list[Path]:
    """The line of the booted slot; one that has none yet takes that of the other slot."""
    lines = [list_generations(config_dir, name) for name in SLOTS]
    own, other = lines if slot != "B" else reversed(lines)
    return own or other


def _place(generation: Generation, root: Path, report: Report) -> None:
    what = _("placing the remembered files")
    nothing: tuple[str, ...] = ()
    for problem in report.attempt(what, lambda: place_files(generation.files, root), nothing):
        report.note(problem)


def _merge(saved: NodeConfig | None, arguments: Arguments, report: Report) -> Merged:
    """Merge; when that fails, what is saved (or the defaults) and the credentials that are right.

    A console whose password was given must not open without it because the NTP server has a typo.
    """
    try:
        return merge_config(saved, arguments)
    except ConfigError as error:
        report.refuse(error)
    return merge_config(saved, _usable_credentials(saved, arguments))


def _usable_credentials(saved: NodeConfig | None, arguments: Arguments) -> Arguments:
    """Only the settings about who may log in, each that is right: a bad key drops no password."""
    usable: tuple[Setting, ...] = ()
    for setting in arguments.settings:
        if setting.path[0] in _SECURITY:
            with contextlib.suppress(ConfigError):
                merge_config(saved, Arguments(settings=(*usable, setting)))
                usable = (*usable, setting)
    return Arguments(settings=usable)


def _is_unattended(arguments: Arguments, report: Report) -> bool:
    """An installation starts by itself only live, when asked for, and with nothing wrong."""
    return report.boot.mode == "live" and arguments.unattended and not report.errors


def _write_config(root: Path, merged: Merged, report: Report) -> None:
    """Write every managed file; one that fails does not keep the others."""
    from node_tui.render import render  # noqa: PLC0415
    from node_tui.rendered import write_accounts, write_rendered  # noqa: PLC0415 - slow, may not be needed

    for item in render(merged.config):
        report.attempt(item.path, partial(write_rendered, item, root), None)
    report.attempt("/etc/shadow", lambda: write_accounts(merged.config, root), None)


def _summarise(merged: Merged, arguments: Arguments, remembered: Remembered) -> dict[str, Any]:
    generation = remembered.generation
    return {
        "generation": generation.number if generation is not None else None,
        "skipped": list(remembered.skipped),
        "stateless": arguments.stateless,
        "debug": arguments.debug,
        "provenance": dict(merged.provenance),
        "ssh": merged.config.opens_ssh,
        "admin_password": merged.config.security.admin_password is not None,
    }


def _write_report(root: Path, merged: Merged, report: Report) -> None:
    from node_tui.rendered import write_file  # noqa: PLC0415

    run = root / RUN
    run.mkdir(mode=0o755, parents=True, exist_ok=True)
    write_file(run / "config.toml", dump_config(merged.config).encode(), 0o600)
    content = {
        "mode": report.boot.mode,
        "slot": report.boot.slot,
        "errors": report.errors,
        "problems": report.problems,
        **report.facts,
    }
    write_file(run / "restore.json", json.dumps(content, indent=1).encode(), 0o644)
    if report.facts["unattended"]:
        write_file(run / "unattended", b"", 0o644)


if __name__ == "__main__":
    sys.exit(main())
