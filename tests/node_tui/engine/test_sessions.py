"""Logins: tokens, their owners and ends, and the pauses that guessing earns."""

import pytest

from node_tui.engine.callers import Peer
from node_tui.engine.problems import NoLoginError, TooEarlyError
from node_tui.engine.sessions import IDLE_SECONDS, MOST_SESSIONS, Sessions
from node_tui.engine.throttle import MOST_REMEMBERED, Throttle
from persist.errors import AccessError
from tests.node_tui.engine.benches import PASSWORD, Bench, Clock, FakeAuthenticator

CONSOLE = Peer(pid=10, uid=963, started=1)
OTHER = Peer(pid=11, uid=963, started=2)
SSH = Peer(pid=12, uid=1000, started=3)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(FakeAuthenticator(), clock=clock)


def fail(sessions: Sessions, peer: Peer = CONSOLE, user: str = "admin") -> None:
    with pytest.raises(NoLoginError, match="Wrong name or password"):
        sessions.open(user, "guess", peer)


def test_a_token_works_for_the_process_that_got_it_only(sessions: Sessions) -> None:
    session = sessions.open("admin", PASSWORD, CONSOLE)

    assert sessions.find(session.token, CONSOLE) == session
    for stranger in (OTHER, SSH, Peer(pid=10, uid=963, started=99)):
        with pytest.raises(NoLoginError, match="not logged in any more"):
            sessions.find(session.token, stranger)


def test_a_session_ends_with_fifteen_idle_minutes(sessions: Sessions, clock: Clock) -> None:
    session = sessions.open("admin", PASSWORD, CONSOLE)
    for _minute in range(30):
        clock.now += 60
        sessions.find(session.token, CONSOLE)

    clock.now += IDLE_SECONDS + 1

    with pytest.raises(NoLoginError):
        sessions.find(session.token, CONSOLE)


def test_the_third_failure_earns_a_pause_that_doubles_to_a_minute(
    sessions: Sessions, clock: Clock
) -> None:
    fail(sessions)
    fail(sessions)
    fail(sessions)
    pauses = []
    for _attempt in range(8):
        with pytest.raises(TooEarlyError) as caught:
            sessions.open("admin", PASSWORD, CONSOLE)
        pauses.append(caught.value.seconds)
        clock.now += caught.value.seconds
        fail(sessions)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_try_that_came_too_early_is_not_even_checked(sessions: Sessions) -> None:
    for _attempt in range(3):
        fail(sessions)
    authenticator = sessions.authenticator
    assert isinstance(authenticator, FakeAuthenticator)
    before = authenticator.checked

    with pytest.raises(TooEarlyError, match="Too many wrong passwords"):
        sessions.open("admin", PASSWORD, CONSOLE)

    assert authenticator.checked == before


def test_nobody_is_locked_out(sessions: Sessions, clock: Clock) -> None:
    """However many failures there were, after a minute the right password opens."""
    for _attempt in range(40):
        clock.now += 61
        fail(sessions)
    clock.now += 61
    assert sessions.open("admin", PASSWORD, CONSOLE).role == "admin"
    fail(sessions)
    fail(sessions)
    assert sessions.open("admin", PASSWORD, CONSOLE).role == "admin"


def test_pauses_are_per_user_and_source(sessions: Sessions) -> None:
    for _attempt in range(3):
        fail(sessions, SSH)
    assert sessions.open("admin", PASSWORD, CONSOLE).role == "admin"
    assert sessions.open("olga", PASSWORD, SSH).role == "operator"
    # Another process of the same user is the same source: reconnecting shortens no pause.
    with pytest.raises(TooEarlyError):
        sessions.open("admin", PASSWORD, Peer(pid=99, uid=1000, started=9))


def test_a_user_without_a_role_is_refused_like_a_wrong_password(sessions: Sessions) -> None:
    with pytest.raises(NoLoginError, match="Wrong name or password"):
        sessions.open("daemon", PASSWORD, CONSOLE)


def test_what_is_remembered_is_bounded(clock: Clock) -> None:
    throttle = Throttle(clock)
    for number in range(MOST_REMEMBERED * 2):
        throttle.failed(f"user{number}", "uid 963")
    assert len(throttle._failures) == MOST_REMEMBERED
    sessions = Sessions(FakeAuthenticator(), clock=clock)
    first = sessions.open("admin", PASSWORD, CONSOLE)
    for _attempt in range(MOST_SESSIONS):
        clock.now += 1
        sessions.open("admin", PASSWORD, OTHER)
    with pytest.raises(NoLoginError):
        sessions.find(first.token, CONSOLE)


def test_login_and_logout_over_the_socket(bench: Bench) -> None:
    client = bench.client("viewer")
    with pytest.raises(AccessError, match="Wrong name or password"):
        client.open_session("admin", "guess")
    assert client.session is None
    session = client.open_session("admin", PASSWORD)
    assert (session.user, session.role) == ("admin", "admin")

    client.close_session()

    assert client.session is None
    with pytest.raises(AccessError, match="needs the role operator"):
        client.power("poweroff")


def test_an_ended_session_is_told(bench: Bench) -> None:
    client = bench.client("viewer")
    client.open_session("admin", PASSWORD)
    bench.clock.now += IDLE_SECONDS + 1
    with pytest.raises(AccessError, match="not logged in any more"):
        client.facts()


def test_the_pause_is_told_over_the_socket(bench: Bench) -> None:
    client = bench.client("viewer")
    for _attempt in range(3):
        with pytest.raises(AccessError, match="Wrong"):
            client.open_session("admin", "guess")
    with pytest.raises(AccessError, match="Too many wrong passwords") as caught:
        client.open_session("admin", PASSWORD)
    assert caught.value.hint == "Try again in 2 s."


def test_an_open_console_lets_admin_in_without_a_password_and_nobody_else(clock: Clock) -> None:
    sessions = Sessions(FakeAuthenticator(), is_console_open=lambda: True, clock=clock)

    assert sessions.open("admin", "", CONSOLE).role == "admin"
    for user, password in (("admin", "guess"), ("root", ""), ("operator", "")):
        with pytest.raises(NoLoginError):
            sessions.open(user, password, CONSOLE)


def test_a_closed_console_takes_no_empty_password(sessions: Sessions) -> None:
    with pytest.raises(NoLoginError):
        sessions.open("admin", "", CONSOLE)


def test_invented_names_share_one_pause_and_spare_the_known_ones(sessions: Sessions) -> None:
    for name in ("adm", "root", "x" * 60_000):
        fail(sessions, user=name)
    with pytest.raises(TooEarlyError):
        sessions.open("somebody", "guess", CONSOLE)
    assert sessions.open("admin", PASSWORD, CONSOLE).role == "admin"


def test_a_name_of_any_length_is_one_short_line_in_the_journal(
    sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    fail(sessions, user="a\n<0>" + "x" * 60_000)
    (record,) = caplog.records
    assert len(record.getMessage()) < 100
    assert "\n" not in record.getMessage()
