"""``./dev bench [NAME...]``: run the named measures, or all that need no image."""

import importlib
import sys
from pathlib import Path

NEEDS_IMAGE = ("image", "boot")


def main(names: list[str]) -> int:
    """Run measures by name."""
    prefix = "bench_"
    known = sorted(path.stem[len(prefix) :] for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.stderr.write(f"no measure {', '.join(unknown)}; there are: {', '.join(known)}\n")
        return 2
    chosen = names or [name for name in known if name not in NEEDS_IMAGE]
    results: list[int] = [
        importlib.import_module(f"tests.bench.bench_{name}").main() for name in chosen
    ]
    return max(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
