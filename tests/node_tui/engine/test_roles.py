"""Who may do what, over every address of the API."""

import http.client
import json

import pytest

from node_tui.client.connection import UnixConnection
from node_tui.engine.routes import ENDPOINTS
from persist.errors import AccessError
from plugins.api.access import ROLES, Role, Session, higher, includes
from tests.node_tui.engine.benches import PASSWORD, Bench

REFUSED = 403


def ask(bench: Bench, role: Role, method: str, path: str, body: bytes = b"{}") -> tuple[int, bytes]:
    connection = UnixConnection(bench.folder / f"{role}.sock", seconds=5)
    connection.request(method, path, body)
    answer: http.client.HTTPResponse = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


@pytest.mark.parametrize("role", ROLES)
def test_a_socket_gives_its_role_and_no_more(bench: Bench, role: Role) -> None:
    for endpoint in ENDPOINTS:
        status, body = ask(bench, role, endpoint.method, endpoint.path.replace("{id}", "x"))
        if includes(role, endpoint.role):
            assert status not in (REFUSED, 500), (endpoint, body)
        else:
            assert status == REFUSED, endpoint
            assert json.loads(body)["kind"] == "AccessError"


def test_a_refused_caller_touches_nothing(bench: Bench) -> None:
    with pytest.raises(AccessError, match="needs the role operator; you have the role viewer"):
        bench.client("viewer").power("poweroff")
    assert bench.power == []


def test_a_refusal_is_always_heard(bench: Bench) -> None:
    """The body of a refused request must not turn the refusal into a reset connection."""
    for _attempt in range(50):
        assert ask(bench, "viewer", "POST", "/v1/install", b" " * 60_000)[0] == REFUSED


def test_a_token_lifts_a_viewer_to_the_users_role(bench: Bench) -> None:
    client = bench.client("viewer")
    client.open_session("olga", PASSWORD)

    client.power("reboot")

    assert bench.power == ["reboot"]
    with pytest.raises(AccessError, match="needs the role admin; you have the role operator"):
        client.install()


def test_a_token_never_lowers_the_role_of_the_socket(bench: Bench) -> None:
    client = bench.client("admin")
    client.open_session("olga", PASSWORD)

    assert client.install(dry_run=True).steps == ("wipe",)


def test_roles_are_ordered() -> None:
    assert includes("admin", "viewer")
    assert not includes("viewer", "operator")
    assert higher("viewer", "operator") == "operator"
    assert higher("admin", "operator") == "admin"


def test_a_token_never_shows_in_text() -> None:
    session = Session(token=PASSWORD, role="admin", user="admin")
    assert PASSWORD not in repr(session)
