"""Ask libvirt, in a process of its own: its library costs 12 MB, and a hanging call can be ended.

Prints the guests as JSON; exit code 1 and one line on stderr when libvirt does not answer, 2 when
the library is not part of the image.
"""

import sys

import msgspec

from plugins.api.facts import Guests

URI = "qemu:///system"
NO_ANSWER = 1
NO_LIBRARY = 2


def main() -> int:
    """Answer once."""
    try:
        import libvirt  # noqa: PLC0415 - its absence is an answer
    except ImportError:
        return NO_LIBRARY
    # libvirt prints every error on stderr unless it is given something to call.
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    try:
        connection = libvirt.openReadOnly(URI)
        running = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        guests = Guests(
            running=len(running),
            stopped=connection.numOfDefinedDomains(),
            names=tuple(sorted(domain.name() for domain in running)),
        )
        connection.close()
    except libvirt.libvirtError as error:
        sys.stderr.write(error.get_error_message())
        return NO_ANSWER
    sys.stdout.write(msgspec.json.encode(guests).decode())
    return 0
