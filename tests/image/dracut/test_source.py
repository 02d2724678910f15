"""Where the image comes from: what is refused, and with which words."""

from pathlib import Path

import pytest

from tests.image.dracut.shell import BASE, Initramfs

FORMS = "LABEL=NAME:/PATH nor an http(s) URL"
SOURCES = (BASE / "source.sh",)
UUID = "11111111-2222-4333-8444-aaaaaaaaaaaa"
DATABASE = """P: /devices/a/block/sda/sda3
N: sda3
E: DEVNAME=/dev/sda3
{first}E: ID_PART_ENTRY_UUID={uuid}

P: /devices/b/block/sdb/sdb3
N: sdb3
E: DEVNAME=/dev/sdb3
{second}E: ID_PART_ENTRY_UUID={other}

P: /devices/c/block/sdc
N: sdc

"""


@pytest.fixture(autouse=True)
def machine(initramfs: Initramfs) -> None:
    for name in ("mount", "modprobe", "losetup"):
        initramfs.stub(name, f'echo {name} "$@" >>{initramfs.folder}/called')
    initramfs.stub("udevadm", "exit 0")


def calls(initramfs: Initramfs) -> str:
    path = initramfs.folder / "called"
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("quiet", "The kernel command line has neither root=PARTUUID= nor node.bundle=."),
        ("root=/dev/sda1", "root=/dev/sda1 is not of the form root=PARTUUID=UUID."),
        (f"root=PARTUUID={UUID}", "rauc.slot= is neither A nor B."),
        (f"root=PARTUUID={UUID} rauc.slot=C", "rauc.slot=C is neither A nor B."),
        ("node.bundle=/dev/sda", f"node.bundle=/dev/sda is neither {FORMS}."),
        ("node.bundle=LABEL=:/x", f"node.bundle=LABEL=:/x is neither {FORMS}."),
        ("node.bundle=LABEL=NODE:x", f"node.bundle=LABEL=NODE:x is neither {FORMS}."),
        (
            "node.bundle=http://a/b",
            "node.bundle=http://a/b needs the network, and this initrd has no network segment.",
        ),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused(initramfs: Initramfs, line: str, reason: str) -> None:
    initramfs.command_line(line)
    done = initramfs.run("open_source", *SOURCES)
    assert done.returncode == 1
    assert initramfs.failure[0] == reason
    assert len(initramfs.failure) == 2
    assert "mount" not in calls(initramfs)


def test_a_disk_that_does_not_come_is_named(initramfs: Initramfs) -> None:
    initramfs.command_line(f"root=PARTUUID={UUID} rauc.slot=A rd.timeout=1")
    initramfs.stub("udevadm", "exit 1")
    assert initramfs.run("open_source", *SOURCES).returncode == 1
    assert initramfs.failure[0] == f"No disk has the partition {UUID} (slot A)."


def slot(initramfs: Initramfs, database: str) -> None:
    """A machine whose slot A is sda3, with this udev database."""
    initramfs.command_line(f"root=PARTUUID={UUID.upper()} rauc.slot=A")
    (initramfs.folder / "database").write_text(database)
    initramfs.stub("udevadm", f'[ "$1" != info ] || cat {initramfs.folder}/database')
    disk = initramfs.folder / "devices/sda"
    (disk / "sda3").mkdir(parents=True)
    (disk / "sda3/partition").write_text("3\n")
    (initramfs.folder / "sys/sda3").symlink_to(disk / "sda3")
    link = initramfs.folder / "dev/disk/by-partuuid" / UUID
    link.parent.mkdir(parents=True)
    (initramfs.folder / "dev/sda3").write_text("")
    link.symlink_to("../../sda3")


@pytest.mark.parametrize(
    ("first", "second", "other"),
    [
        ("", "", "99999999-0000-4000-8000-000000000000"),
        ("E: ID_WWN_WITH_EXTENSION=0x5000\n", "E: ID_WWN_WITH_EXTENSION=0x5000\n", UUID),
        ("E: ID_SERIAL=3600a\n", "E: ID_SERIAL=3600a\n", UUID),
    ],
    ids=["one disk", "two paths of one LUN", "two paths told by serial"],
)
def test_one_disk_is_opened(initramfs: Initramfs, first: str, second: str, other: str) -> None:
    slot(initramfs, DATABASE.format(first=first, second=second, uuid=UUID, other=other))
    done = initramfs.run("open_source; echo slot=$slot", *SOURCES)
    assert done.stdout == "slot=A\n", done.stderr
    device = f"{initramfs.folder}/dev/disk/by-partuuid/{UUID}"
    assert f"mount -t squashfs -o ro,nodev {device} {initramfs.folder}/run/lower" in calls(
        initramfs
    )
    assert (initramfs.folder / "run/boot-disk").read_text() == "sda\n"


@pytest.mark.parametrize("number", [1, 4])
def test_a_slot_stands_where_slots_stand(initramfs: Initramfs, number: int) -> None:
    slot(initramfs, DATABASE.format(first="", second="", uuid=UUID, other="x"))
    (initramfs.folder / "devices/sda/sda3/partition").write_text(f"{number}\n")
    assert initramfs.run("open_source", *SOURCES).returncode == 1
    assert initramfs.failure[0] == f"root=PARTUUID={UUID} is not the partition of slot A."
    assert not (initramfs.folder / "run/boot-disk").exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        ("E: ID_SERIAL=one\n", "E: ID_SERIAL=two\n"),
        (
            "E: ID_SERIAL=same\nE: ID_WWN_WITH_EXTENSION=0x1\n",
            "E: ID_SERIAL=same\nE: ID_WWN_WITH_EXTENSION=0x2\n",
        ),
    ],
)  # fmt: skip
def test_a_cloned_disk_stops_the_boot(initramfs: Initramfs, first: str, second: str) -> None:
    slot(initramfs, DATABASE.format(first=first, second=second, uuid=UUID, other=UUID))
    assert initramfs.run("open_source", *SOURCES).returncode == 1
    assert initramfs.failure == [
        f"Several disks carry the same partition {UUID}: sda3 sdb3 ",
        "Nothing was written. Disconnect the copy of the system disk and start again.",
    ]
    assert "mount" not in calls(initramfs)
    assert not (initramfs.folder / "run/boot-disk").exists()


def medium(initramfs: Initramfs) -> Path:
    """A CD labelled NODE; mount copies what is on it."""
    initramfs.command_line("node.bundle=LABEL=NODE:/node.raucb")
    link = initramfs.folder / "dev/disk/by-label/NODE"
    link.parent.mkdir(parents=True)
    (initramfs.folder / "dev/sr0").write_text("")
    link.symlink_to("../../sr0")
    return link


def test_a_medium_is_opened(initramfs: Initramfs) -> None:
    medium(initramfs)
    (initramfs.folder / "run/medium").mkdir()
    (initramfs.folder / "run/medium/node.raucb").write_text("bundle")
    done = initramfs.run('open_source; echo "$medium_device $bundle"', *SOURCES)
    run = initramfs.folder / "run"
    assert done.stdout == f"{initramfs.folder}/dev/sr0 {run}/node.raucb\n", done.stderr
    assert (run / "node.raucb").read_text() == "bundle"
    mounts = [line for line in calls(initramfs).splitlines() if line.startswith("mount")]
    assert mounts == [
        f"mount -o ro,nosuid,nodev,noexec {initramfs.folder}/dev/sr0 {run}/medium",
        f"mount -t squashfs -o ro,nosuid,nodev,loop {run}/medium/node.raucb {run}/bundle",
        f"mount -t squashfs -o ro,nodev,loop {run}/bundle/root.img {run}/lower",
    ]


def test_a_medium_without_the_bundle_is_named(initramfs: Initramfs) -> None:
    medium(initramfs)
    assert initramfs.run("open_source", *SOURCES).returncode == 1
    device = initramfs.folder / "dev/sr0"
    assert initramfs.failure[0] == f"The medium {device} (NODE) has no file /node.raucb."
