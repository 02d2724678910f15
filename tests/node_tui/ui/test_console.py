"""The console-safe widgets: what they print, on any font and without colours."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from node_tui.ui.console import Canvas, LockedApp, PlainInput, PushButton, Toggle
from node_tui.ui.lines import SAFE_GLYPHS, Line, line


class Sampler(LockedApp):
    """One of each, in an area that scrolls."""

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Toggle("boot from the network", "check")
            yield Toggle("static", "radio", round_mark=True, value=True)
            yield PlainInput(id="field")
            yield PlainInput(password=True, id="secret")
            yield PushButton("Apply", id="apply")
            canvas = Canvas(id="tall")
            yield canvas

    def on_mount(self) -> None:
        self.query_one("#tall", Canvas).show([line(f"row {number}") for number in range(60)])


def printed(app: LockedApp) -> list[str]:
    """Return the rows of the screen."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


async def test_widgets_print_only_safe_glyphs_in_every_state() -> None:
    app = Sampler()
    async with app.run_test(size=(60, 16)) as pilot:
        for key in ("tab", "tab", "tab", *"some text", "tab", *"secret", "tab", "tab"):
            await pilot.press(key)
            rows = printed(app)
            assert set("".join(rows)) <= SAFE_GLYPHS, key
        assert app.screen.query_one(VerticalScroll).show_vertical_scrollbar


async def test_on_and_off_differ_without_colour() -> None:
    app = Sampler()
    async with app.run_test(size=(60, 16)) as pilot:
        check, radio = app.query_one("#check", Toggle), app.query_one("#radio", Toggle)
        assert printed(app)[0].startswith("[ ] boot")
        assert printed(app)[1].startswith("(*) static")
        check.focus()
        await pilot.press("space")
        radio.focus()
        await pilot.press("enter")
        await pilot.pause()
        assert printed(app)[0].startswith("[x] boot")
        assert printed(app)[1].startswith("( ) static")


async def test_a_focused_button_bears_a_mark() -> None:
    app = Sampler()
    async with app.run_test(size=(60, 16)) as pilot:
        app.query_one("#apply").focus()
        await pilot.pause()
        assert "[>Apply ]" in "\n".join(printed(app))


async def test_only_rows_that_changed_are_drawn_again() -> None:
    app = Sampler()
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        canvas = app.query_one("#tall", Canvas)
        drawn: list[int] = []
        original = canvas.render_line

        def render_line(y: int) -> object:
            drawn.append(y)
            return original(y)

        canvas.render_line = render_line  # type: ignore[method-assign, assignment]
        rows: list[Line] = list(canvas.lines)
        rows[3] = line("row 3 changed")
        canvas.show(rows)
        await pilot.pause()
        assert drawn == [3]
