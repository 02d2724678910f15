"""Files that no list leaves in go, and folders that become empty go with them."""

from pathlib import Path

import pytest

from image.build import host
from image.build.slim import prune_files, read_list, shrink_hardware_database


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)


def left(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_what_a_line_takes_out_a_later_line_brings_back(tmp_path: Path) -> None:
    tree(tmp_path, "usr/bin/a", "usr/share/doc/a/README", "usr/share/zoneinfo/UTC")
    prune_files(tmp_path, ("*", "-usr/share/*", "usr/share/zoneinfo/*"))
    assert left(tmp_path) == [
        "usr", "usr/bin", "usr/bin/a", "usr/share", "usr/share/zoneinfo", "usr/share/zoneinfo/UTC",
    ]  # fmt: skip


def test_folders_that_were_empty_stay(tmp_path: Path) -> None:
    tree(tmp_path, "proc/", "usr/share/man/man1/x.1")
    prune_files(tmp_path, ("*", "-usr/share/*"))
    assert left(tmp_path) == ["proc"]


def test_a_link_to_a_folder_is_a_file_here(tmp_path: Path) -> None:
    tree(tmp_path, "usr/lib/x")
    (tmp_path / "lib").symlink_to("usr/lib")
    prune_files(tmp_path, ("*", "-lib"))
    assert left(tmp_path) == ["usr", "usr/lib", "usr/lib/x"]


def test_modules_and_firmware_have_their_own_lists(tmp_path: Path) -> None:
    tree(tmp_path, "usr/lib/modules/6/a.ko", "usr/lib/firmware/b.bin", "usr/lib/c")
    prune_files(tmp_path, ("-*",))
    assert left(tmp_path) == [
        "usr", "usr/lib", "usr/lib/firmware", "usr/lib/firmware/b.bin",
        "usr/lib/modules", "usr/lib/modules/6", "usr/lib/modules/6/a.ko",
    ]  # fmt: skip


def test_the_hardware_database_is_made_of_what_the_list_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("20-OUI.hwdb", "20-pci-vendor-model.hwdb", "60-keyboard.hwdb")
    tree(tmp_path, *(f"usr/lib/udev/hwdb.d/{name}" for name in names))
    ran: list[object] = []
    monkeypatch.setattr(host, "run", lambda argv, **_options: ran.append(argv))
    shrink_hardware_database(tmp_path, read_list("hardware-database"))
    assert ran == [["systemd-hwdb", "--usr", "update"]]
    left_over = sorted(path.name for path in (tmp_path / "usr/lib/udev/hwdb.d").iterdir())
    assert left_over == ["20-pci-vendor-model.hwdb", "60-keyboard.hwdb"]
