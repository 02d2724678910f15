"""``./dev accept NAME``: the proofs of the issue of that name."""

import importlib
import sys
from pathlib import Path

from tests.accept import runner

NOT_TABLES = {"__main__", "runner"}


def main(argv: list[str]) -> int:
    """Run one table."""
    tables = sorted(
        path.stem
        for path in Path(__file__).parent.glob("*.py")
        if path.stem not in NOT_TABLES and not path.stem.startswith("test_")
    )
    if not argv or argv[0] not in tables:
        sys.stderr.write(f"./dev accept needs the name of an issue: {', '.join(tables)}\n")
        return 2
    table: runner.Acceptance = importlib.import_module(f"tests.accept.{argv[0]}").ACCEPTANCE
    return runner.run(table, argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
