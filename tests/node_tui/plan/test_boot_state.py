"""The boot state as a value, and every way a machine can go through it with power cuts anywhere."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_tui.plan.boot_order import Boot
from node_tui.plan.boot_state import (
    MARKS,
    SLOTS,
    BootState,
    fresh_state,
    mark_active,
    mark_bad,
    mark_good,
    newest_copy,
    next_boot,
    other_slot,
    parse_slot,
    parse_word,
    rebuilt_state,
)
from persist.errors import StepError
from plugins.api.facts import SlotName

Pair = tuple[BootState | None, BootState | None]
states = st.builds(
    BootState,
    gen=st.integers(0, 2),
    active=st.sampled_from(SLOTS),
    good=st.sampled_from(SLOTS),
    a=st.sampled_from(MARKS),
    b=st.sampled_from(MARKS),
)


def test_a_word_reads_as_written() -> None:
    state = BootState(gen=2, active="B", good="A", a="good", b="try3")
    assert str(state) == "2.B.A.good.try3.2"
    assert parse_word("2.B.A.good.try3.2") == state


@given(states)
def test_every_word_comes_back(state: BootState) -> None:
    assert parse_word(str(state)) == state


@pytest.mark.parametrize(
    "word",
    [
        "",
        "2.B.A.good.try3",
        "2.B.A.good.try3.1",
        "3.B.A.good.try3.3",
        "2.C.A.good.try3.2",
        "2.B.A.good.try4.2",
        "2.B.A.good.try3.2\n",
        " 2.B.A.good.try3.2",
        "2.B.A.GOOD.try3.2",
    ],
)
def test_anything_else_is_no_state(word: str) -> None:
    assert parse_word(word) is None


@given(states)
def test_the_copy_written_last_counts(state: BootState) -> None:
    later = state.next_copy()
    assert newest_copy(state, later) == 1
    assert newest_copy(later, state) == 0


@given(states)
def test_a_whole_copy_counts_more_than_a_damaged_one(state: BootState) -> None:
    assert newest_copy(state, None) == 0
    assert newest_copy(None, state) == 1
    assert newest_copy(state, state) == 0
    assert newest_copy(None, None) is None


@given(states, st.sampled_from(SLOTS))
def test_marking_keeps_the_count(state: BootState, slot: SlotName) -> None:
    for mark in (mark_good, mark_bad, mark_active):
        assert mark(state, slot).gen == state.gen


def test_staging_goes_through_bad_to_three_starts() -> None:
    running = BootState(gen=0, active="A", good="A", a="good", b="good")
    writing = mark_bad(running, "B")
    assert str(writing) == "0.A.A.good.bad.0"
    staged = mark_active(writing, "B")
    assert str(staged) == "0.B.A.good.try3.0"
    assert str(mark_good(staged, "B")) == "0.B.B.good.good.0"


def test_writing_over_a_staged_slot_makes_the_good_one_run() -> None:
    staged = BootState(gen=0, active="B", good="A", a="good", b="try3")
    assert str(mark_bad(staged, "B")) == "0.A.A.good.bad.0"


def test_giving_up_the_last_slot_leaves_it_chosen() -> None:
    alone = BootState(gen=0, active="A", good="A", a="good", b="empty")
    assert str(mark_bad(alone, "A")) == "0.A.A.bad.empty.0"


def test_a_proven_slot_needs_no_starts() -> None:
    both = BootState(gen=0, active="A", good="A", a="good", b="good")
    assert str(mark_active(both, "B")) == "0.B.A.good.good.0"


def test_the_next_boot_passes_over_a_bad_slot() -> None:
    assert next_boot(BootState(gen=0, active="B", good="A", a="good", b="try1")) == "B"
    assert next_boot(BootState(gen=0, active="B", good="A", a="good", b="bad")) == "A"


def test_a_state_made_anew_trusts_what_runs() -> None:
    assert str(rebuilt_state("B")) == "0.B.B.bad.good.0"


def test_a_slot_of_another_name_is_refused() -> None:
    with pytest.raises(StepError, match="no slot 'C'"):
        parse_slot("C")


# What the node writes while slot X runs, as the engine and RAUC do.
Change = Callable[[BootState], BootState]


def changes_while(running: SlotName) -> Iterator[Change]:
    """Yield health's verdict, and the two writes of an upgrade of the other slot."""
    target = other_slot(running)
    yield lambda state: mark_good(state, running)
    yield lambda state: mark_bad(state, target)
    yield lambda state: mark_active(state, target) if state.mark(target) == "bad" else state


def written(pair: Pair, change: Change) -> list[Pair]:
    """Return the pairs that one change can leave: untouched, torn in the middle, done."""
    newest = newest_copy(*pair)
    if newest is None:
        return [pair]
    state = pair[newest]
    assert state is not None
    wanted = change(state)
    if wanted == state:
        return [pair]
    done: list[BootState | None] = list(pair)
    torn: list[BootState | None] = list(pair)
    done[1 - newest] = wanted.next_copy()
    torn[1 - newest] = None
    return [pair, (torn[0], torn[1]), (done[0], done[1])]


def booted(pair: Pair) -> list[tuple[Pair, SlotName | None]]:
    """Return what GRUB can leave: the copies and what runs, None when the power went before."""
    found: list[tuple[Pair, SlotName | None]] = []
    for attempt in Boot(list(pair)).attempts():
        found.append((attempt.copies, attempt.slot))
        for index in (0, 1):
            if attempt.copies[index] != pair[index]:
                torn = list(attempt.copies)
                torn[index] = None
                found.append(((torn[0], torn[1]), None))
    return found


def reachable() -> set[Pair]:
    """Walk through everything that boots, changes and power cuts can make of a new node."""
    first = fresh_state("A")
    begin: Pair = (first, first)
    seen, ahead = {begin}, deque([begin])
    while ahead:
        pair = ahead.popleft()
        followers: list[Pair] = []
        for after, slot in booted(pair):
            followers.append(after)
            if slot is not None:
                for change in changes_while(slot):
                    followers += written(after, change)
        for follower in followers:
            if follower not in seen:
                seen.add(follower)
                ahead.append(follower)
    return seen


@pytest.fixture(scope="module")
def every_pair() -> set[Pair]:
    return reachable()


def test_no_power_cut_loses_the_state(every_pair: set[Pair]) -> None:
    assert len(every_pair) > 100
    assert all(newest_copy(*pair) is not None for pair in every_pair)


def counting(pair: Pair) -> BootState:
    """Return the state that counts."""
    newest = newest_copy(*pair)
    assert newest is not None
    state = pair[newest]
    assert state is not None
    return state


def test_beside_a_good_slot_an_unproven_one_is_left_after_three_starts(
    every_pair: set[Pair],
) -> None:
    for pair in every_pair:
        if "good" not in {counting(pair).a, counting(pair).b}:
            continue
        unproven, copies = 0, pair
        for _boot in range(5):
            attempt = next(Boot(list(copies)).attempts())
            assert attempt.slot is not None
            unproven += counting(copies).mark(attempt.slot) != "good"
            copies = attempt.copies
        assert unproven <= 3, pair


def test_a_good_slot_is_tried_when_nothing_else_loads(every_pair: set[Pair]) -> None:
    for pair in every_pair:
        state = counting(pair)
        tried = {attempt.slot for attempt in Boot(list(pair)).attempts()}
        assert {slot for slot in SLOTS if state.mark(slot) == "good"} <= tried


def test_power_cycles_leave_a_good_slot_good(every_pair: set[Pair]) -> None:
    for pair in every_pair:
        state = counting(pair)
        for after, _slot in booted(pair):
            left = counting(after)
            assert all(left.mark(s) == "good" for s in SLOTS if state.mark(s) == "good")


def test_the_countdown_is_on_the_disk_before_the_slot_starts() -> None:
    for active, good in itertools.product(SLOTS, SLOTS):
        state = BootState(gen=0, active=active, good=good, a="try3", b="try3")
        attempt = next(Boot([state, None]).attempts())
        assert attempt.slot == active
        assert attempt.copies[1] == state.marked(active, "try2").next_copy()


def test_without_a_place_to_count_the_good_slot_starts() -> None:
    state = BootState(gen=0, active="B", good="A", a="good", b="try3")
    assert next(Boot([state, None], (True, False)).attempts()).slot == "A"
