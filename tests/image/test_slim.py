"""Files that no list leaves in go, and folders that become empty go with them."""

from pathlib import Path

from image.build.slim import prune_files


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
