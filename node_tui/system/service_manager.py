"""What systemd hands to a service and what a service tells it: sd_listen_fds(3), sd_notify(3)."""

import os
import socket

FIRST_PASSED_DESCRIPTOR = 3


def take_sockets() -> dict[str, socket.socket]:
    """Return the listening sockets systemd passed to this process, by FileDescriptorName."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    count = int(os.environ.get("LISTEN_FDS", "0"))
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")
    for variable in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(variable, None)
    passed = {}
    for position, name in zip(range(count), names, strict=False):
        descriptor = FIRST_PASSED_DESCRIPTOR + position
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the call has no keyword
        passed[name] = socket.socket(fileno=descriptor)
    return passed


def notify(state: str) -> None:
    """Tell systemd ``state``, as in ``READY=1``; without systemd nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.sendto(state.encode(), address)


def watchdog_period() -> float | None:
    """Return the seconds between two signs of life (half of the limit), None: no watchdog."""
    microseconds = int(os.environ.get("WATCHDOG_USEC", "0"))
    return microseconds / 2_000_000 if microseconds else None
