"""What to do: steps and plans. A planner makes them, ``node_tui.apply`` runs them."""

from typing import Any, ClassVar, Protocol, runtime_checkable

from msgspec import Struct


class Progress(Protocol):
    """Told by a step how far it is: ``fraction`` from 0 to 1, never going back."""

    def __call__(self, fraction: float, message: str = "") -> None: ...


@runtime_checkable
class Step(Protocol):
    """One change of the machine: a frozen dataclass that owns all its inputs.

    ``name`` is stable: it stands in events, tests and logs. ``system`` is the set of gateways of
    ``node_tui.system``; ``Any`` here, because this room must not know them.
    """

    name: ClassVar[str]

    def describe(self) -> str:
        """Say in one line what this step will do, with the values."""
        ...

    def apply(self, system: Any, progress: Progress) -> None:
        """Do it; raise StepError with a hint when it fails."""
        ...

    def verify(self, system: Any) -> None:
        """Read back; raise VerificationError when the result is not there."""
        ...


@runtime_checkable
class Undoable(Protocol):
    """A step that can be taken back when a later one fails."""

    def undo(self, system: Any) -> None:
        """Put back what was before ``apply``."""
        ...


class Plan(Struct, frozen=True):
    """What will be done, in order. ``title`` is for people, ``name`` for events."""

    name: str
    title: str
    steps: tuple[Any, ...]

    def describe(self) -> list[str]:
        """Return one line a step."""
        return [step.describe() for step in self.steps]
