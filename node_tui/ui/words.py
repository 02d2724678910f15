"""Values in the words of the console: sizes, speeds, durations, clock, health. Pure."""

from datetime import datetime

from node_tui.ui.lines import Span
from persist.translation import _
from plugins.api.facts import Health, SlotMark


def binary_size(count: int) -> str:
    """Return ``count`` bytes in binary units: ``64 GiB``."""
    return _scaled(count, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def decimal_size(count: int) -> str:
    """Return ``count`` bytes as disks are sold: ``480 GB``."""
    return _scaled(count, 1000, ("B", "kB", "MB", "GB", "TB", "PB"))


def _scaled(count: int, base: int, units: tuple[str, ...]) -> str:
    value, unit = float(count), units[0]
    for unit in units:
        if value < base - 0.5 or unit == units[-1]:
            break
        value /= base
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "B" else f"{value:.0f} {unit}"


def link_speed(megabits: int | None) -> str:
    """Return a speed in at most four cells: ``10G``, ``100M``, ``-``."""
    if not megabits or megabits <= 0:
        return "-"
    if megabits < 1000:
        return f"{megabits}M"
    gigabits = megabits / 1000
    return f"{gigabits:.1f}G" if megabits % 1000 else f"{gigabits:.0f}G"


def duration(seconds: int) -> str:
    """Return how long the node has been up, in its two largest units."""
    days, rest = divmod(max(seconds, 0), 86400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    if days:
        return _("{days} d {hours} h").format(days=days, hours=hours)
    if hours:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return _("{minutes} min").format(minutes=minutes)


def clock_time(clock: str) -> str:
    """Return ``07:31`` of an RFC 3339 time, in the time zone of the console's process."""
    try:
        return datetime.fromisoformat(clock).astimezone().strftime("%H:%M")
    except ValueError:
        return ""


def health_word(health: Health | None, *, answered: bool, problem: str) -> Span:
    """Return the one word in the corner of every page."""
    if problem:
        return Span(_("NO ENGINE"), "bad")
    if health is None:
        return Span(_("WAITING") if not answered else _("UNKNOWN"), "warn")
    return Span(_("HEALTHY"), "good") if health.healthy else Span(_("DEGRADED"), "bad")


def mark_word(mark: SlotMark) -> str:
    """Return the state of a slot in words."""
    words = {
        "good": _("good"),
        "try3": _("3 tries left"),
        "try2": _("2 tries left"),
        "try1": _("1 try left"),
        "bad": _("BAD"),
        "empty": _("empty"),
    }
    return words[mark]
