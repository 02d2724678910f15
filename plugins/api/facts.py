"""What is: a snapshot of the machine. Gathered by the engine, read by planners and clients.

Sizes are bytes, times are seconds, names are what the kernel or the daemon calls the thing.
"""

from typing import Literal

from msgspec import Struct

BootMode = Literal["live", "installed", "stateless"]
SlotName = Literal["A", "B"]
SlotMark = Literal["good", "try3", "try2", "try1", "bad", "empty"]
DiskOwner = Literal["empty", "node", "foreign", "boot-medium", "mounted"]


class Disk(Struct, frozen=True, kw_only=True):
    """A whole disk; the paths of one multipath LUN are one disk.

    ``contents`` says in words what lies on it, one item a partition or filesystem; ``owner`` is
    ``node`` when the partition table is one that we wrote. ``paths`` are all kernel paths that lead
    to it. ``node_generation`` is the newest generation on a node's Config: 0 for none, -1 when
    Config cannot be read, None when nobody looked. ``groups`` are things (volume groups, arrays,
    filesystems of several disks) that lie on this disk and on others too, named alike on each:
    erasing one disk damages what all of them hold. ``problem`` says why the disk cannot be read.
    """

    path: str
    paths: tuple[str, ...] = ()
    size: int
    sector_size: int = 512
    model: str = ""
    serial: str = ""
    wwn: str = ""
    bus: str = ""
    rotational: bool = False
    removable: bool = False
    read_only: bool = False
    by_id: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    owner: DiskOwner = "foreign"
    mountpoints: tuple[str, ...] = ()
    node_generation: int | None = None
    groups: tuple[str, ...] = ()
    problem: str = ""


class Link(Struct, frozen=True, kw_only=True):
    """A network link. ``addresses`` are in CIDR form; ``speed`` in Mbit/s, None when unknown."""

    name: str
    kind: str = "ethernet"
    mac: str = ""
    driver: str = ""
    carrier: bool = False
    speed: int | None = None
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()


class Slot(Struct, frozen=True, kw_only=True):
    """A root partition. ``version`` is empty when nothing readable lies in it."""

    name: SlotName
    device: str
    mark: SlotMark
    version: str = ""
    booted: bool = False
    active: bool = False


class Slots(Struct, frozen=True, kw_only=True):
    """The boot state. ``problem`` says in words what is wrong with the state itself."""

    booted: SlotName | None = None
    active: SlotName | None = None
    good: SlotName | None = None
    slots: tuple[Slot, ...] = ()
    problem: str = ""


class Check(Struct, frozen=True, kw_only=True):
    """The result of one health check. A ``required`` one decides about an unproven slot."""

    name: str
    passed: bool
    required: bool = True
    message: str = ""
    hint: str = ""


class Health(Struct, frozen=True, kw_only=True):
    """All checks of this boot; healthy when every required check passed."""

    healthy: bool
    checks: tuple[Check, ...] = ()


class Guests(Struct, frozen=True, kw_only=True):
    """Guests known to libvirt; ``names`` are those of the running ones."""

    running: int = 0
    stopped: int = 0
    names: tuple[str, ...] = ()


class HostKey(Struct, frozen=True, kw_only=True):
    """A public SSH host key: ``kind`` as ``ed25519``, ``fingerprint`` as ``SHA256:...``."""

    kind: str
    fingerprint: str


class Usage(Struct, frozen=True, kw_only=True):
    """How much of something is used, both in the unit of the thing (bytes, or percent for CPU)."""

    used: int
    total: int


class Unavailable(Struct, frozen=True, kw_only=True):
    """A source of facts that gave no answer, and why; the rest of the facts still stand.

    ``pending`` is one that was asked a short while ago: no fault, its answer is on its way.
    """

    source: str
    reason: str
    pending: bool = False


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that planners and clients know of the machine at one moment."""

    product: str
    version: str
    hostname: str
    boot_mode: BootMode
    firmware: Literal["bios", "uefi"]
    secure_boot: bool = False
    signed_by: str = ""
    clock: str = ""
    uptime: int = 0
    cpus: int = 1
    cpu: Usage | None = None
    memory: Usage | None = None
    data: Usage | None = None
    virtualisation: bool = False
    disks: tuple[Disk, ...] = ()
    links: tuple[Link, ...] = ()
    slots: Slots = Slots()
    host_keys: tuple[HostKey, ...] = ()
    ssh_open: bool = False
    console_open: bool = False
    guests: Guests | None = None
    unavailable: tuple[Unavailable, ...] = ()
