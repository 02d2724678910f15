"""The guests of this node, through libvirt."""

from pathlib import Path

from persist.errors import DependencyError, NodeError
from persist.translation import _
from plugins.api.facts import Guests

URI = "qemu:///system"
DEFINED = "etc/libvirt/qemu"
RUNNING = "run/libvirt/qemu"


def count_guests(root: Path) -> Guests:
    """Return how many guests run and how many are stopped.

    libvirt is asked only while it keeps running guests: a question starts its daemon, and an idle
    daemon would stay in memory for as long as somebody looks at the status page.
    """
    defined = len(list((root / DEFINED).glob("*.xml")))
    if not list((root / RUNNING).glob("*.xml")):
        return Guests(running=0, stopped=defined)
    return ask_libvirt()


def ask_libvirt() -> Guests:
    """Ask libvirt, read-only; NodeError when it does not answer."""
    try:
        import libvirt  # noqa: PLC0415 - costs memory, and most requests do without
    except ImportError as error:
        raise DependencyError(
            "libvirt", _("libvirt is not part of this image"), _("Use the hypervisor image.")
        ) from error
    # libvirt prints every error on stderr unless it is given something to call.
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    try:
        connection = libvirt.openReadOnly(URI)
        try:
            running = connection.numOfDomains()
            return Guests(running=running, stopped=connection.numOfDefinedDomains())
        finally:
            connection.close()
    except libvirt.libvirtError as error:
        raise NodeError(
            _("libvirt does not answer: {reason}").format(reason=error.get_error_message()),
            _("The journal of libvirtd says why; a reboot starts it afresh."),
        ) from error
