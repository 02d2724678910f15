"""What is wrong with a request is said in JSON, with the code of its kind."""

import json
import stat
import threading
from pathlib import Path

import pytest

from node_tui.client import Client, EngineAbsentError
from node_tui.engine.requests import LARGEST_BODY
from persist import errors
from plugins.api.access import ROLES
from tests.node_tui.engine.benches import Bench
from tests.node_tui.engine.test_roles import ask

BAD_BODIES = [
    ("/v1/power", b'{"action": "explode"}', 422, "action", "Invalid enum value 'explode'"),
    ("/v1/power", b"{}", 422, "", "Object missing required field `action`"),
    ("/v1/install", b'{"dry_run": 3}', 422, "dry_run", "Expected `bool`, got `int`"),
    ("/v1/install", b'{"dryrun": true}', 422, "", "Object contains unknown field `dryrun`"),
    ("/v1/install", b"[]", 422, "", "Expected `object`, got `array`"),
    ("/v1/install", b'{"dry_run":', 422, "", "The body is not JSON"),
    ("/v1/install", b"\xff\xfe", 422, "", "The body is not JSON"),
    ("/v1/session", b'{"user": "a", "password": "\xff"}', 422, "", "The body is not JSON"),
]


@pytest.mark.parametrize(("path", "body", "code", "place", "words"), BAD_BODIES)
def test_malformed_bodies(
    bench: Bench, path: str, body: bytes, code: int, place: str, words: str
) -> None:
    status, content = ask(bench, "admin", "POST", path, body)
    problem = json.loads(content)
    assert (status, problem["kind"], problem.get("path", "")) == (code, "ConfigError", place)
    assert words in problem["message"]
    assert bench.power == []


def test_a_body_too_large_is_refused_before_it_is_read_whole(bench: Bench) -> None:
    status, content = ask(bench, "admin", "POST", "/v1/install", b" " * (LARGEST_BODY + 1))
    assert (status, json.loads(content)["message"]) == (413, "The request is too large.")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/v1/nothing", 404), ("PUT", "/v1/facts", 405), ("GET", "/v1/power", 405)],
)
def test_unknown_addresses_and_verbs(bench: Bench, method: str, path: str, code: int) -> None:
    status, content = ask(bench, "admin", method, path)
    assert (status, json.loads(content)["kind"]) == (code, "NodeError")


ERRORS: list[tuple[errors.NodeError, int]] = [
    (errors.ConfigError("network.dns", "bad", "mend"), 422),
    (errors.PlanError("no", "why"), 409),
    (errors.VerificationError("no", "why"), 500),
    (errors.BundleError("no", "why"), 422),
    (errors.DependencyError("lsblk", "no", "why"), 503),
    (errors.AccessError("no", "why"), 403),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda value: type(value).__name__)
def test_an_error_arrives_as_it_was_raised(
    bench: Bench, error: errors.NodeError, code: int
) -> None:
    def refuse() -> None:
        raise error

    bench.engine.read_facts = refuse  # type: ignore[assignment]
    status, _content = ask(bench, "viewer", "GET", "/v1/facts")
    assert status == code
    with pytest.raises(type(error)) as caught:
        bench.client("viewer").facts()
    assert (caught.value.message, caught.value.hint) == (error.message, error.hint)
    assert caught.value.exit_code == error.exit_code


def test_our_own_bug_is_an_id_and_not_a_traceback(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble() -> None:
        raise RuntimeError("secret detail")

    bench.engine.read_facts = stumble  # type: ignore[assignment]
    status, content = ask(bench, "viewer", "GET", "/v1/facts")
    assert status == 500
    assert b"secret detail" not in content
    mark = json.loads(content)["message"].split("id ")[1].rstrip(").")
    assert f"bug {mark}" in caplog.text
    assert "secret detail" in caplog.text


def test_an_absent_engine_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineAbsentError, match="does not listen") as caught:
        Client(tmp_path / "viewer.sock").health()
    assert "systemctl status node-engine" in caught.value.hint


def test_an_engine_that_hangs_is_left(bench: Bench) -> None:
    hang = threading.Event()
    bench.engine.read_facts = lambda: hang.wait(10)  # type: ignore[assignment,return-value]
    client = Client(bench.folder / "viewer.sock", seconds=0.2)
    with pytest.raises(errors.NodeError, match=r"no answer within 0\.2 s"):
        client.facts()
    hang.set()


def test_the_sockets_are_for_their_groups_alone(bench: Bench) -> None:
    for role in ROLES:
        mode = (bench.folder / f"{role}.sock").stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o660
