"""A service on D-Bus that behaves as RAUC does: ``python -m tests.fakes.rauc_service HOW``.

HOW: ``good`` installs; ``bad-signature`` and ``disk-error`` fail with RAUC's words; ``dies`` ends
in the middle. The address of the bus is DBUS_SYSTEM_BUS_ADDRESS.
"""

import ctypes
import os
import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop

NAME = "de.pengutronix.rauc"
INTERFACE = "de.pengutronix.rauc.Installer"
ERRORS = {
    "bad-signature": "Failed to verify bundle signature: signer is not trusted",
    "disk-error": "Failed updating slot root.0: Input/output error",
}


class Rauc(dbus.service.Object):  # type: ignore[misc, name-defined]
    """The interface Installer, as far as an installation uses it."""

    def __init__(self, bus: object, how: str) -> None:
        super().__init__(bus, "/")
        self.how = how
        self.todo: list[tuple[int, str]] = []

    @dbus.service.method(INTERFACE, in_signature="sa{sv}")  # type: ignore[attr-defined, untyped-decorator]
    def InstallBundle(self, source: str, arguments: dict[str, object]) -> None:  # noqa: N802, ARG002
        """Answer at once; the work comes after, as in RAUC."""
        self.todo = [(0, "Installing"), (40, "Writing"), (80, "Writing"), (100, "done")]

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")  # type: ignore[attr-defined, untyped-decorator]
    def Get(self, interface: str, name: str) -> str:  # noqa: N802, ARG002
        """Return the property LastError."""
        return ERRORS.get(self.how, "")

    @dbus.service.signal(INTERFACE, signature="i")  # type: ignore[attr-defined, untyped-decorator]
    def Completed(self, result: int) -> None:  # noqa: N802
        """Say that it ended."""

    @dbus.service.signal(dbus.PROPERTIES_IFACE, signature="sa{sv}as")  # type: ignore[attr-defined, untyped-decorator]
    def PropertiesChanged(self, interface: str, changed: object, gone: object) -> None:  # noqa: N802
        """Say that a property changed."""

    def work(self) -> None:
        """Do one piece of the work."""
        if not self.todo:
            return
        percent, message = self.todo.pop(0)
        if percent == 80 and self.how == "dies":
            os._exit(9)
        if percent == 100 and self.how in ERRORS:
            message = "Installing failed."
        progress = dbus.Struct((percent, message, 1), signature="isi")  # type: ignore[attr-defined]
        self.PropertiesChanged(INTERFACE, {"Progress": progress}, dbus.Array([], signature="s"))  # type: ignore[attr-defined]
        if not self.todo:
            self.Completed(1 if self.how in ERRORS else 0)


def main(how: str) -> None:
    """Serve until killed."""
    bus = dbus.SystemBus(private=True, mainloop=DBusGMainLoop())
    name = dbus.service.BusName(NAME, bus)  # type: ignore[attr-defined]
    service = Rauc(bus, how)
    iterate = ctypes.CDLL("libglib-2.0.so.0").g_main_context_iteration
    sys.stdout.write(f"{name.get_name()}\n")
    sys.stdout.flush()
    while True:
        iterate(None, 0 if service.todo else 1)
        service.work()


if __name__ == "__main__":
    main(sys.argv[1])
