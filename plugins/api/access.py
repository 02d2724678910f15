"""Who may do what: roles, from least to most, and sessions of people who logged in."""

from typing import Literal

from msgspec import Struct

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")


class Session(Struct, frozen=True, kw_only=True):
    """A login. ``token`` is a secret of the client's memory: never log, store or show it."""

    token: str
    role: Role
    user: str

    def __repr__(self) -> str:
        """Leave the token out: representations end in logs and tracebacks."""
        return f"Session(user={self.user!r}, role={self.role!r})"


def includes(role: Role, needed: Role) -> bool:
    """Say whether ``role`` may do what ``needed`` may."""
    return ROLES.index(role) >= ROLES.index(needed)


def higher(first: Role, second: Role) -> Role:
    """Return the role that may do more."""
    return first if includes(first, second) else second
