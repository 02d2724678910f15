"""Figures that a measure found: printed as a table, kept as JSON for docs/measured."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / "dist" / "bench"


@dataclass(frozen=True)
class Figure:
    """One number. ``where`` says in which surroundings it holds: natively, or in a TCG guest."""

    name: str
    value: float
    unit: str
    where: str = ""


def report(measure: str, figures: list[Figure]) -> None:
    """Print the figures and keep them in dist/bench/MEASURE.json."""
    for figure in figures:
        number = f"{figure.value:,.0f}" if figure.unit == "bytes" else f"{figure.value:.2f}"
        sys.stdout.write(f"{figure.name:52} {number:>16} {figure.unit:8} {figure.where}\n")
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{measure}.json"
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
