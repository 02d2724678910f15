"""A value that never shows itself: not in logs, tracebacks, f-strings or JSON."""

from typing import NoReturn


class Secret:
    """Holds a secret string; only ``reveal`` gives it out, for renderers and codecs."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(set)"

    def __str__(self) -> str:
        return "set"

    def __format__(self, spec: str) -> str:
        return format("set", spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
