"""One installation through RAUC's D-Bus interface, to its ``Completed`` signal."""

import ctypes
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import dbus
from dbus.mainloop.glib import DBusGMainLoop

from persist.errors import BundleError, StepError
from persist.translation import _
from plugins.api.steps import Progress

log = logging.getLogger(__name__)

NAME = "de.pengutronix.rauc"
INTERFACE = "de.pengutronix.rauc.Installer"
PROPERTIES = "org.freedesktop.DBus.Properties"
STALLED_SECONDS = 600.0
PAUSE_SECONDS = 0.05
CALL_SECONDS = 60.0
# Told by RAUC before it writes anything: the bundle is at fault, not the disk.
BUNDLE_WORDS = ("signature", "compatible", "verif", "manifest", "certificate")


class _Result:
    """What RAUC said so far: progress in percent, and the end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.ended: int | None = None
        self.gone = False
        self.error = ""
        self.last_words = time.monotonic()

    def completed(self, result: int) -> None:
        """Take the signal Completed: 0 is success."""
        self.ended = int(result)

    def changed(self, interface: str, values: dict[str, Any], _invalid: list[str]) -> None:
        """Take PropertiesChanged: Progress is (percent, message, depth)."""
        if interface != INTERFACE:
            return
        self.last_words = time.monotonic()
        if values.get("LastError"):
            self.error = str(values["LastError"])
        if "Progress" in values:
            percent, message, _depth = values["Progress"]
            # A failed installation jumps to 100 % too.
            if "failed" not in message:
                self._progress(int(percent) / 100, str(message))

    def owner(self, name: str) -> None:
        """Take the owner of RAUC's name: none means that the service died."""
        self.gone = self.gone or (not name and self.ended is None)


class Bus(Protocol):
    """The connection that is used here; a private bus in tests."""

    def get_object(self, name: str, path: str) -> Any: ...
    def add_signal_receiver(self, receiver: Callable[..., None], **match: Any) -> Any: ...
    def watch_name_owner(self, name: str, callback: Callable[[str], None]) -> Any: ...
    def close(self) -> None: ...


def open_system_bus() -> Bus:
    """Return a connection of our own, so that closing it takes nothing from others."""
    bus: Bus = dbus.SystemBus(private=True, mainloop=DBusGMainLoop())
    return bus


def install_bundle(
    bundle: Path, progress: Progress, open_bus: Callable[[], Bus] = open_system_bus
) -> None:
    """Install ``bundle`` and return when RAUC says that it is done.

    The end is the signal, not the property Operation: that one is idle before the work begins too.
    Raises BundleError when RAUC does not take the bundle, StepError when writing fails.
    """
    result = _Result(progress)
    try:
        bus = open_bus()
        try:
            _run(bus, bundle, result)
        finally:
            bus.close()
    except dbus.DBusException as error:
        raise StepError(
            _("RAUC does not answer: {reason}").format(reason=error.get_dbus_message()),
            _("Look at journalctl -u rauc."),
        ) from None
    if result.ended:
        raise _failure(bundle, result)


def _run(bus: Bus, bundle: Path, result: _Result) -> None:
    """Start the installation and wait for its end."""
    receivers = ((result.completed, INTERFACE, "Completed"), (result.changed, PROPERTIES, None))
    for receiver, interface, signal in receivers:
        bus.add_signal_receiver(
            receiver,
            bus_name=NAME,
            path="/",
            dbus_interface=interface,
            signal_name=signal or "PropertiesChanged",
        )
    installer = bus.get_object(NAME, "/")
    bus.watch_name_owner(NAME, result.owner)
    arguments = dbus.Dictionary({}, signature="sv")
    installer.InstallBundle(str(bundle), arguments, dbus_interface=INTERFACE, timeout=CALL_SECONDS)
    _wait(result)
    if not result.error and result.ended:
        result.error = str(installer.Get(INTERFACE, "LastError", dbus_interface=PROPERTIES))


def _wait(result: _Result) -> None:
    dispatch = _glib_dispatcher()
    while result.ended is None:
        if not dispatch():
            time.sleep(PAUSE_SECONDS)
        if result.gone:
            raise StepError(
                _("RAUC ended in the middle of writing"),
                _("Look at journalctl -u rauc for the reason, then install again."),
            )
        if time.monotonic() - result.last_words > STALLED_SECONDS:
            raise StepError(
                _("RAUC has not moved for {minutes:g} minutes").format(
                    minutes=STALLED_SECONDS / 60
                ),
                _("The disk hangs: look at its health and cables, then install again."),
            )


def _glib_dispatcher() -> Callable[[], bool]:
    """Return what delivers waiting signals; True when there were any.

    dbus-python hands signals out through GLib only. GLib's own binding is not part of the image,
    the library itself is: dbus-python is linked to it.
    """
    iterate = ctypes.CDLL("libglib-2.0.so.0").g_main_context_iteration
    iterate.argtypes = (ctypes.c_void_p, ctypes.c_int)
    iterate.restype = ctypes.c_int
    return lambda: bool(iterate(None, 0))


def _failure(bundle: Path, result: _Result) -> StepError | BundleError:
    reason = result.error or _("no reason given")
    message = _("RAUC did not install {bundle}: {reason}").format(bundle=bundle, reason=reason)
    log.error("%s", message)
    if any(word in reason.lower() for word in BUNDLE_WORDS):
        return BundleError(
            message, _("Fetch or write the medium again, and compare it with SHA256SUMS.")
        )
    return StepError(message, _("Look at journalctl -u rauc and at the health of the disk."))
