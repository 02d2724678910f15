"""The title line that every page shares: who this node is and how it is. Pure."""

from node_tui.ui import words
from node_tui.ui.feed import Snapshot
from node_tui.ui.lines import Line, Span, line, spread


def title_line(
    snapshot: Snapshot, cells: int, *, answered: bool, note: str = "", place: str = ""
) -> Line:
    """Return product, version, host name; then health and clock. The state is never cut."""
    facts = snapshot.facts
    name = f" {facts.product} {facts.version}  {facts.hostname}" if facts else " Node"
    state = words.health_word(snapshot.health, answered=answered, problem=snapshot.problem)
    clock = words.clock_time(facts.clock) if facts and not snapshot.problem else ""
    right: list[str | Span] = [Span(f"{note}  ", "warn")] if note else []
    right += ["  " if not right else "", state, f"  {clock} " if clock else " "]
    return spread(line(Span(name + place, "title")), line(*right), cells)
