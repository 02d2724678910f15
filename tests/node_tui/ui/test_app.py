"""What the console does: who may do what, where keys lead, what a broken engine looks like."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest
from textual.pilot import Pilot

from node_tui.ui.app import NodeApp, Station
from node_tui.ui.console import Canvas, PlainInput
from node_tui.ui.dialogs.help import HelpDialog
from node_tui.ui.dialogs.login import LoginDialog
from node_tui.ui.dialogs.power import PowerDialog
from node_tui.ui.lines import text_of
from node_tui.ui.page import Page, TooSmall
from node_tui.ui.pages.menu import MenuPage
from node_tui.ui.pages.status import StatusPage
from node_tui.ui.terminal import Terminal
from persist.errors import AccessError
from tests.fakes import node_scenes as scenes
from tests.fakes.node_client import DEAD, FakeNode


@asynccontextmanager
async def running(
    node: FakeNode, station: Station | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[NodeApp, Pilot[None]]]:
    """Run the console over a fake node until it has seen it once."""
    app = NodeApp(lambda: node, station or Station(), Terminal())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.snapshot.facts is not None or bool(app.snapshot.problem))
        yield app, pilot


async def until(pilot: Pilot[None], holds: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for a condition, bounded."""
    for _ in range(int(seconds / 0.02)):
        await pilot.pause(0.02)
        if holds():
            return
    raise AssertionError(f"did not come true within {seconds} s; screen: {pilot.app.screen}")


def shown(app: NodeApp) -> str:
    """Return what the canvases of the screen on top say."""
    canvases = app.screen.query(Canvas)
    return "\n".join(text_of(row) for canvas in canvases for row in canvas.lines)


async def log_in(pilot: Pilot[None], password: str) -> None:
    await pilot.press("l")
    await until(pilot, lambda: isinstance(pilot.app.screen, LoginDialog))
    await pilot.press(*password, "enter")


async def test_status_comes_first_and_login_leads_to_the_menu() -> None:
    async with running(FakeNode()) as (app, pilot):
        assert isinstance(app.screen, StatusPage)
        assert "node1.example.com" in shown(app)
        await log_in(pilot, "right")
        await until(pilot, lambda: isinstance(app.screen, MenuPage))
        await pilot.press("escape")
        assert isinstance(app.screen, StatusPage)
        assert "admin logged in" in shown(app)
        assert "F2/m/Esc Menu" in shown(app)


async def test_a_wrong_password_is_said_in_the_dialog_and_gives_nothing() -> None:
    async with running(FakeNode()) as (app, pilot):
        await log_in(pilot, "wrong")
        told = app.screen.query_one("#told")
        await until(pilot, lambda: "Wrong name or password" in str(told.render()))
        assert app.session is None
        assert not app.is_trusted
        assert app.screen.query_one(PlainInput).value == ""


async def test_an_empty_password_is_not_sent() -> None:
    node = FakeNode()
    async with running(node) as (app, pilot):
        await log_in(pilot, "")
        await pilot.pause()
        assert isinstance(app.screen, LoginDialog)
        assert "open_session admin" not in node.calls


async def test_a_session_that_comes_after_cancel_is_closed() -> None:
    node = FakeNode()
    async with running(node) as (app, pilot):
        node.hang = threading.Event()
        await log_in(pilot, "right")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, StatusPage))
        node.hang.set()
        await until(pilot, lambda: "close_session" in node.calls)
        assert app.session is None


async def test_a_live_console_without_a_password_is_admin_and_says_so() -> None:
    node = FakeNode(told_facts=scenes.LIVE, open_without_password=True)
    async with running(node) as (app, pilot):
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, MenuPage))
        await pilot.press("s")
        assert "admin without a login" in shown(app)


async def test_a_live_node_with_a_password_asks_for_it_without_guessing() -> None:
    facts = msgspec.structs.replace(scenes.LIVE, console_open=False)
    node = FakeNode(told_facts=facts)
    async with running(node) as (app, pilot):
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, LoginDialog))
        assert "open_session admin" not in node.calls


async def test_power_asks_for_the_login_first_and_focuses_cancel() -> None:
    node = FakeNode()
    async with running(node) as (app, pilot):
        await pilot.press("f12")
        await until(pilot, lambda: isinstance(app.screen, LoginDialog))
        await pilot.press(*"right", "enter")
        await until(pilot, lambda: isinstance(app.screen, PowerDialog))
        assert app.focused is not None
        assert app.focused.id == "cancel"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StatusPage))
        assert not [call for call in node.calls if call.startswith("power")]


@pytest.mark.parametrize(
    ("moves", "action"), [(("tab",), "reboot"), (("right", "right"), "poweroff")]
)
async def test_power_orders_what_the_button_says(moves: tuple[str, ...], action: str) -> None:
    node = FakeNode()
    async with running(node, Station(role="admin")) as (app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, PowerDialog))
        statics = " ".join(str(widget.render()) for widget in app.screen.query("Static"))
        assert "web1, db1, build1" in statics
        await pilot.press(*moves, "enter")
        await until(pilot, lambda: f"power {action}" in node.calls)


async def test_the_menu_goes_by_arrows_and_logs_out() -> None:
    node = FakeNode()
    async with running(node) as (app, pilot):
        await log_in(pilot, "right")
        await until(pilot, lambda: isinstance(app.screen, MenuPage))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, StatusPage))
        await until(pilot, lambda: "close_session" in node.calls)
        assert app.session is None
        assert "F2/l Log in" in shown(app)


async def test_an_idle_console_logs_out_from_any_dialog() -> None:
    node = FakeNode()
    async with running(node) as (app, pilot):
        await log_in(pilot, "right")
        await until(pilot, lambda: isinstance(app.screen, MenuPage))
        await pilot.press("p")
        # Only now: on a busy machine logging in alone takes longer than so short a patience.
        app.station = replace(app.station, idle_seconds=0.3)
        await until(pilot, lambda: isinstance(app.screen, StatusPage))
        assert "Logged out" in shown(app)
        assert not app.is_trusted


async def test_a_session_that_the_engine_ended_ends_here_too() -> None:
    node = FakeNode()
    async with running(node) as (app, pilot):
        await log_in(pilot, "right")
        await until(pilot, lambda: isinstance(app.screen, MenuPage))
        node.gone = AccessError("You are not logged in any more.", "Log in again.")
        app.keep_session()
        await until(pilot, lambda: isinstance(app.screen, StatusPage))
        assert "not logged in any more" in shown(app)


async def test_a_dead_engine_is_a_sentence_and_heals_by_itself() -> None:
    node = FakeNode(gone=DEAD)
    async with running(node) as (app, pilot):
        assert "does not listen on" in shown(app)
        assert "NO ENGINE" in shown(app)
        node.gone = None
        await pilot.press("f5")
        await until(pilot, lambda: "HEALTHY" in shown(app))
        node.gone = DEAD
        await pilot.press("r")
        await until(pilot, lambda: "NO ENGINE" in shown(app))
        assert "admin@192.0.2.10" in shown(app)


async def test_the_status_page_follows_the_node_without_keys() -> None:
    node = FakeNode(told_facts=scenes.LIVE)
    async with running(node) as (app, pilot):
        node.told_operations = (scenes.INSTALLING,)
        await until(pilot, lambda: "214 of 460 MB" in shown(app))


async def test_too_small_covers_every_page_and_heals() -> None:
    async with running(FakeNode()) as (app, pilot):
        await pilot.press("l")
        await pilot.resize_terminal(39, 24)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        assert "needs 40x12" in shown(app)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: isinstance(app.screen, LoginDialog))


async def test_a_session_user_over_ssh_needs_no_login_and_leaves_by_logging_out() -> None:
    async with running(FakeNode(), Station(role="admin", may_leave=True)) as (app, pilot):
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, MenuPage))
        await pilot.press("o")
        await until(pilot, lambda: not app.is_running)


async def test_help_lists_the_keys_of_the_page_below() -> None:
    async with running(FakeNode()) as (app, pilot):
        keys = app.status_keys()
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert all(key.caps in shown(app) and key.explain in shown(app) for key in keys)
        await pilot.press("f1")
        assert isinstance(app.screen, StatusPage)


async def test_every_function_key_has_a_plain_twin() -> None:
    async with running(FakeNode(), Station(role="admin")) as (app, pilot):
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, MenuPage))
        pages = [screen for screen in app.screen_stack if isinstance(screen, Page)]
        named = [key.names for page in pages for key in page.keys()]  # noqa: SIM118
        function_keys = [names for names in named if names[0].startswith("f")]
        assert len(function_keys) >= 6
        for names in function_keys:
            assert [name for name in names if not (name[0] == "f" and name[1:].isdigit())]


@pytest.mark.parametrize(
    "key", ["ctrl+c", "ctrl+q", "ctrl+z", "ctrl+d", "ctrl+p", "ctrl+backslash"]
)
async def test_no_key_leaves_or_opens_anything(key: str) -> None:
    async with running(FakeNode()) as (app, pilot):
        await pilot.press(key)
        await pilot.pause(0.05)
        assert app.is_running
        assert isinstance(app.screen, StatusPage)


async def test_what_textual_offers_developers_is_off() -> None:
    async with running(FakeNode()) as (app, _pilot):
        assert not app.use_command_palette
        with app.suspend():
            assert app.is_running
        assert not app.active_bindings.keys() & {"ctrl+q", "ctrl+p", "ctrl+z"}


async def test_a_refusal_that_comes_after_cancel_breaks_nothing() -> None:
    node = FakeNode()
    async with running(node) as (app, pilot):
        node.hang = threading.Event()
        await log_in(pilot, "wrong")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, StatusPage))
        node.hang.set()
        await app.workers.wait_for_complete()
        await pilot.pause(0.05)
        assert app.is_running


async def test_a_refused_order_is_said_in_the_power_dialog() -> None:
    node = FakeNode()
    async with running(node, Station(role="operator")) as (app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, PowerDialog))
        node.gone = DEAD
        await pilot.press("tab", "enter")
        told = app.screen.query_one("#told")
        await until(pilot, lambda: "does not listen" in str(told.render()))
        node.gone = None
        await pilot.press("enter")
        await until(pilot, lambda: "reboots now" in str(told.render()))
        await pilot.press("enter", "escape")
        assert isinstance(app.screen, StatusPage)
        assert node.calls.count("power reboot") == 2
