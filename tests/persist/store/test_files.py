"""Files in and out of a generation: nothing about a file is lost on the way."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persist.errors import StepError
from persist.store import Generation, StoredFile, gather_file, place_files
from persist.store import files as stored_files
from persist.store.generation import pack_generation, unpack_generation

_NAME = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40
).filter(lambda name: name not in (".", ".."))
_RAW_NAME = st.binary(min_size=1, max_size=40).map(
    lambda raw: os.fsdecode(raw.replace(b"/", b"_").replace(b"\0", b"_"))
)
_FILES = st.builds(
    StoredFile,
    path=st.one_of(_NAME, _RAW_NAME.filter(lambda n: n not in (".", ".."))).map(
        lambda name: f"/etc/{name}"
    ),
    content=st.binary(max_size=2000),
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, 2**31),
    gid=st.integers(0, 65535),
    mtime=st.integers(0, 2**33 * 10**9),
    xattrs=st.dictionaries(
        st.sampled_from(["user.note", "system.posix_acl_access"]), st.binary(max_size=100)
    ),
    why=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


@given(st.lists(_FILES, max_size=4, unique_by=lambda item: item.path))
def test_packing_loses_nothing(files: list[StoredFile]) -> None:
    generation = Generation(
        number=7,
        slot="B",
        created="2026-01-01T00:00:00+00:00",
        node_toml="# é\n",
        files=tuple(files),
    )
    packed = pack_generation(generation)
    assert unpack_generation(packed) == generation
    assert pack_generation(generation) == packed


def _make_tree(root: Path) -> None:
    etc = root / "etc"
    (etc / "kept").mkdir(parents=True)
    key = etc / "key"
    key.write_bytes(b"\0secret\xff")
    key.chmod(0o640)
    os.utime(key, ns=(1, 1_234_567_890_123_456_789))
    (etc / "localtime").symlink_to("../usr/share/zoneinfo/Asia/Shanghai")
    raw = os.fsencode(etc) + b"/odd \n\xff name"
    Path(os.fsdecode(raw)).write_bytes(b"odd")


def test_files_come_back_as_they_were(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    _make_tree(before)
    after.mkdir()
    names = ["/etc/kept", "/etc/key", "/etc/localtime", "/etc/odd \n\udcff name"]
    files = [gather_file(before, name, asked_by="test") for name in names]
    assert place_files(files, after) == ()
    for name in names:
        old, new = before / name[1:], after / name[1:]
        old_stat, new_stat = old.lstat(), new.lstat()
        assert (new_stat.st_mode, new_stat.st_uid) == (old_stat.st_mode, old_stat.st_uid)
    assert (after / "etc/key").read_bytes() == b"\0secret\xff"
    assert (after / "etc/key").stat().st_mtime_ns == 1_234_567_890_123_456_789
    assert str((after / "etc/localtime").readlink()) == "../usr/share/zoneinfo/Asia/Shanghai"
    assert not list((after / "etc").glob(".*placing"))


def test_placing_again_replaces(tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("image's")
    for content in (b"one", b"two"):
        assert place_files([StoredFile(path="/motd", content=content)], tmp_path) == ()
        assert (tmp_path / "motd").read_bytes() == content


def test_one_bad_file_does_not_keep_the_others(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    files = [StoredFile(path="/taken", content=b"x"), StoredFile(path="/z", content=b"z")]
    (problem,) = place_files(files, tmp_path)
    assert problem == "/taken: a directory stands in its place"
    assert (tmp_path / "z").read_bytes() == b"z"


@pytest.mark.parametrize(
    "path", ["etc/x", "/../x", "/etc/../../x", "/", "/x/", "//x", "/etc//x", "/./x"]
)
def test_a_path_never_leads_out(tmp_path: Path, path: str) -> None:
    (problem,) = place_files([StoredFile(path=path, content=b"x")], tmp_path)
    assert "not an absolute path" in problem
    assert list(tmp_path.iterdir()) == []


def test_a_link_never_leads_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "etc").symlink_to(outside)
    (problem,) = place_files([StoredFile(path="/etc/x", content=b"x")], root)
    assert "leads out" in problem
    assert list(outside.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners_come_back(tmp_path: Path) -> None:
    items = [
        StoredFile(path="/key", content=b"x", uid=1000, gid=962),
        StoredFile(path="/link", kind="link", target="key", uid=1000, gid=962),
        StoredFile(path="/dir", kind="directory", uid=1000, gid=962, mode=0o750),
    ]
    assert place_files(items, tmp_path) == ()
    for item in items:
        found = (tmp_path / item.path[1:]).lstat()
        assert (found.st_uid, found.st_gid) == (1000, 962)


def test_set_id_bits_survive_the_change_of_owner(tmp_path: Path) -> None:
    item = StoredFile(path="/tool", content=b"x", mode=0o4755, uid=os.getuid(), gid=os.getgid())
    assert place_files([item], tmp_path) == ()
    assert stat.S_IMODE((tmp_path / "tool").stat().st_mode) == 0o4755


def test_devices_and_pipes_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StepError, match="/pipe is a device, socket or pipe"):
        gather_file(tmp_path, "/pipe", asked_by="test")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="/gone cannot be kept: No such file"):
        gather_file(tmp_path, "/gone", asked_by="test")


@pytest.mark.parametrize("path", ["/etc/", "/etc//key", "/etc/./key", "//etc/key"])
def test_a_path_is_kept_under_one_spelling_only(tmp_path: Path, path: str) -> None:
    _make_tree(tmp_path)
    with pytest.raises(StepError, match="a slash at the end"):
        gather_file(tmp_path, path, asked_by="test")


def test_a_file_that_becomes_a_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shadow").write_text("hash")
    (tmp_path / "note").write_text("text")
    seen = (tmp_path / "note").lstat()
    (tmp_path / "note").unlink()
    (tmp_path / "note").symlink_to("shadow")
    monkeypatch.setattr(Path, "lstat", lambda _path: seen)
    with pytest.raises(StepError, match="/note cannot be kept"):
        gather_file(tmp_path, "/note", asked_by="test")


def test_nobody_reads_a_file_that_is_being_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(
        stored_files, "_dress", lambda path, _item: seen.append(path.stat().st_mode & 0o777)
    )
    assert place_files([StoredFile(path="/key", content=b"x", mode=0o640)], tmp_path) == ()
    assert seen == [0o600]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sets trusted attributes")
def test_attributes_of_the_overlay_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("")
    try:
        os.setxattr(path, "trusted.overlay.origin", b"1")
        os.setxattr(path, "trusted.note", b"2")
    except OSError:
        pytest.skip("this filesystem keeps no trusted attributes")
    assert gather_file(tmp_path, "/x", asked_by="test").xattrs == {"trusted.note": b"2"}
