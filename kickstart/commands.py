"""The words our recipes add to kickstart: suite, budget, buildonly, modulegroups."""

from argparse import ArgumentParser
from typing import Any

from pykickstart.base import KickstartCommand
from pykickstart.handlers.f40 import F40Handler
from pykickstart.options import KSOptionParser, commaSplit
from pykickstart.version import F40


class _Command(KickstartCommand):  # type: ignore[misc]
    """A command that may stand in several layers; each use is kept with its line."""

    removedKeywords = KickstartCommand.removedKeywords  # noqa: N815 - pykickstart's name
    removedAttrs = KickstartCommand.removedAttrs  # noqa: N815 - pykickstart's name

    def __init__(self, writePriority: int = 0, *args: Any, **kwargs: Any) -> None:  # noqa: N803
        super().__init__(writePriority, *args, **kwargs)
        self.op = self._parser()
        self.uses: list[tuple[int, Any]] = []

    def _parser(self) -> ArgumentParser:
        raise NotImplementedError

    def parse(self, args: list[str]) -> "_Command":
        self.uses.append((self.lineno, self.op.parse_args(args=args, lineno=self.lineno)))  # type: ignore[call-overload]
        return self


class Suite(_Command):
    """``suite --name=trixie --components=main,...``: a suite to install from."""

    def _parser(self) -> ArgumentParser:
        op = KSOptionParser(prog="suite", description="A suite to install from.", version=F40)
        op.add_argument("--name", required=True, version=F40, help="The suite's name.")
        op.add_argument(
            "--components", type=commaSplit, required=True, version=F40, help="Its components."
        )
        return op  # type: ignore[no-any-return]


class Budget(_Command):
    """``budget --warn=150 --limit=190``: how many MB (10^6 bytes) the ISO may have."""

    def _parser(self) -> ArgumentParser:
        op = KSOptionParser(prog="budget", description="How large the ISO may be.", version=F40)
        op.add_argument("--warn", type=int, required=True, version=F40, help="Warn above.")
        op.add_argument("--limit", type=int, required=True, version=F40, help="Fail above.")
        return op  # type: ignore[no-any-return]


class Buildonly(_Command):
    """``buildonly --packages=A,B``: installed to make the image, not left inside it."""

    def _parser(self) -> ArgumentParser:
        op = KSOptionParser(prog="buildonly", description="Removed at the end.", version=F40)
        op.add_argument(
            "--packages", type=commaSplit, required=True, version=F40, help="Package names."
        )
        return op  # type: ignore[no-any-return]


class Modulegroups(_Command):
    """``modulegroups --without="network: RDMA"``: kernel modules that stay out, by heading."""

    def _parser(self) -> ArgumentParser:
        op = KSOptionParser(prog="modulegroups", description="Groups to leave out.", version=F40)
        op.add_argument(
            "--without", type=commaSplit, required=True, version=F40, help="Headings of the list."
        )
        return op  # type: ignore[no-any-return]


class RecipeHandler(F40Handler):  # type: ignore[misc]
    """Kickstart of Fedora 40 with our words; ``makeVersion`` offers no place to add them."""

    def __init__(self) -> None:
        super().__init__(
            commandUpdates={
                "suite": Suite,
                "budget": Budget,
                "buildonly": Buildonly,
                "modulegroups": Modulegroups,
            }
        )
