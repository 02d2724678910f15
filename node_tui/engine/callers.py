"""Who asks: the process at the other end of the connection, and the role it has."""

from dataclasses import dataclass, field
from pathlib import Path

from plugins.api.access import Role

FIELD_STARTTIME = 19  # of /proc/PID/stat, counted behind the name in brackets


@dataclass(frozen=True)
class Peer:
    """A process. ``started`` (ticks since power-on) tells it from a later one with the same id."""

    pid: int
    uid: int
    started: int

    @classmethod
    def of(cls, pid: int, uid: int) -> "Peer":
        """Return the process that has ``pid`` now."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it is gone already
            return cls(pid, uid, 0)
        return cls(pid, uid, int(stat.rpartition(")")[2].split()[FIELD_STARTTIME]))


@dataclass(frozen=True)
class Caller:
    """A request's origin: its process, its role, the user's name if known."""

    peer: Peer
    role: Role
    user: str = ""
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Return who that is, for the journal."""
        name = f"{self.user}, " if self.user else ""
        return f"{name}uid {self.peer.uid}, process {self.peer.pid}, as {self.role}"
