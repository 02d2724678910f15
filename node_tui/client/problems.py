"""Errors of the engine become the same errors here: the kind, the words, the exit code."""

from typing import NoReturn

import msgspec

from persist import errors
from persist.translation import _

# Kinds whose constructor takes a message and a hint; the others are built by hand below.
KINDS: dict[str, type[errors.NodeError]] = {
    kind.__name__: kind
    for kind in (
        errors.NodeError,
        errors.PlanError,
        errors.StepError,
        errors.VerificationError,
        errors.BundleError,
        errors.PluginError,
        errors.AccessError,
    )
}


class Problem(msgspec.Struct, frozen=True):
    """The body of an answer that is no success."""

    kind: str
    message: str
    hint: str = ""
    path: str = ""


def raise_problem(status: int, body: bytes) -> NoReturn:
    """Raise what the engine said; an answer without words becomes a NodeError with its code."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        message = _("The engine refused the request (HTTP {status}).").format(status=status)
        raise errors.NodeError(message) from None
    if problem.kind == "ConfigError":
        error = errors.ConfigError("", problem.message, problem.hint)
        error.path = problem.path
        raise error
    if problem.kind == "DependencyError":
        raise errors.DependencyError("", problem.message, problem.hint)
    raise KINDS.get(problem.kind, errors.NodeError)(problem.message, problem.hint)
