"""The identity of a node: made once, kept in /config, never half."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from node_tui.system import identity
from node_tui.system.boot_mode import Boot
from node_tui.system.identity import HOST_KEYS, make_identity
from persist.errors import StepError
from persist.store import newest_generation, save_generation
from plugins.api.facts import SlotName

INSTALLED = Boot(mode="installed", slot="A", config="ok")
LIVE = Boot(mode="live")


class Keygen:
    """Stands for ssh-keygen and systemd-machine-id-setup; every key is another one."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, argv: Sequence[str | Path]) -> None:
        words = [str(word) for word in argv]
        self.calls.append(words[0])
        if words[0] == "ssh-keygen":
            private = Path(words[words.index("-f") + 1])
            # ssh-keygen asks before it writes over a key, and nobody is there to answer.
            assert not private.exists()
            private.write_text(f"key {len(self.calls)}\n")
            private.chmod(0o600)
            private.with_name(f"{private.name}.pub").write_text(f"public {len(self.calls)}\n")
        else:
            Path(words[1].removeprefix("--root="), "etc/machine-id").write_text("0" * 32 + "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc/ssh").mkdir(parents=True)
    (tmp_path / "etc/ssh/sshd_not_to_be_run").write_text("closed\n")
    (tmp_path / "etc/machine-id").write_text("a" * 32 + "\n")
    (tmp_path / "config").mkdir()
    return tmp_path


def first_generation(root: Path, slot: SlotName = "A") -> None:
    save_generation(root / "config", slot, "version = 1\n", meta={"by": "installer"})


def key_files(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((root / "etc/ssh").glob("*key*"))}


def test_an_installed_node_keeps_what_it_made(root: Path) -> None:
    first_generation(root)
    made = make_identity(root, INSTALLED, Keygen())
    assert made == tuple(f"/etc/ssh/ssh_host_{kind}_key" for kind in HOST_KEYS)
    kept = newest_generation(root / "config", "A")
    assert kept is not None
    assert kept.node_toml == "version = 1\n"
    assert (kept.number, kept.meta["by"]) == (2, "installer")
    assert {item.path: item.mode for item in kept.files} == {
        "/etc/machine-id": 0o644,
        "/etc/ssh/ssh_host_ecdsa_key": 0o600,
        "/etc/ssh/ssh_host_ecdsa_key.pub": 0o644,
        "/etc/ssh/ssh_host_ed25519_key": 0o600,
        "/etc/ssh/ssh_host_ed25519_key.pub": 0o644,
    }


def test_nothing_happens_twice(root: Path) -> None:
    first_generation(root)
    make_identity(root, INSTALLED, Keygen())
    before = key_files(root)
    again = Keygen()
    assert make_identity(root, INSTALLED, again) == ()
    assert again.calls == []
    assert key_files(root) == before
    assert len(list((root / "config/a").iterdir())) == 2


def test_what_others_persisted_stays(root: Path) -> None:
    (root / "etc/motd").write_text("hello\n")
    first_generation(root)
    make_identity(root, INSTALLED, Keygen())
    kept = newest_generation(root / "config", "A")
    assert kept is not None
    from persist.store import gather_file  # noqa: PLC0415

    other = gather_file(root, "/etc/motd", asked_by="admin")
    save_generation(root / "config", "A", kept.node_toml, [*kept.files, other])
    (root / "etc/ssh/ssh_host_ecdsa_key").unlink()
    make_identity(root, INSTALLED, Keygen())
    last = newest_generation(root / "config", "A")
    assert last is not None
    assert [item.path for item in last.files].count("/etc/motd") == 1
    assert len(last.files) == 6


def test_half_a_pair_is_made_anew(root: Path) -> None:
    first_generation(root)
    (root / "etc/ssh/ssh_host_ecdsa_key.pub").write_text("half\n")
    (root / "etc/ssh/.ssh_host_ecdsa_key.making").write_text("torn\n")
    make_identity(root, INSTALLED, Keygen())
    files = key_files(root)
    assert files["ssh_host_ecdsa_key.pub"].startswith("public")
    assert not (root / "etc/ssh/.ssh_host_ecdsa_key.making").exists()


def test_a_cut_between_the_two_files_of_a_pair_leaves_no_pair_that_does_not_fit(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "etc/ssh/ssh_host_ed25519_key.pub").write_text("of another key\n")
    replace, done = Path.replace, []

    def cut(self: Path, target: Path) -> Path:
        if done:
            raise OSError(5, "power is gone")
        done.append(target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(OSError, match="power is gone"):
        make_identity(root, INSTALLED, Keygen())
    monkeypatch.setattr(Path, "replace", replace)
    make_identity(root, INSTALLED, Keygen())
    files = key_files(root)
    number = files["ssh_host_ed25519_key"].split()[1]
    assert files["ssh_host_ed25519_key.pub"] == f"public {number}\n"


def test_a_key_that_changed_is_kept_once(root: Path) -> None:
    first_generation(root)
    make_identity(root, INSTALLED, Keygen())
    (root / "etc/ssh/ssh_host_ecdsa_key").unlink()
    make_identity(root, INSTALLED, Keygen())
    kept = newest_generation(root / "config", "A")
    assert kept is not None
    assert len({item.path for item in kept.files}) == len(kept.files) == 5


@pytest.mark.parametrize("error", [StepError("no boot.json"), OSError(28, "No space left")])
def test_a_failure_is_told_and_ends_with_1(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_asked: object) -> tuple[str, ...]:
        raise error

    monkeypatch.setattr(identity, "read_boot", lambda _root: INSTALLED)
    monkeypatch.setattr(identity, "make_identity", fail)
    assert identity.main() == 1
    assert str(error) in capsys.readouterr().err
    monkeypatch.setattr(identity, "make_identity", lambda *_asked: ("/etc/machine-id",))
    assert identity.main() == 0
    assert "made /etc/machine-id" in capsys.readouterr().err


def test_the_other_slots_line_is_the_beginning_of_an_upgraded_one(root: Path) -> None:
    first_generation(root, "B")
    make_identity(root, INSTALLED, Keygen())
    kept = newest_generation(root / "config", "A")
    assert kept is not None
    assert kept.number == 2


def test_without_a_generation_nothing_is_invented(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_identity(root, INSTALLED, Keygen())
    assert newest_generation(root / "config", "A") is None
    assert "nothing is remembered" in capsys.readouterr().err


@pytest.mark.parametrize("config", ["absent", "unreadable: e2fsck ended with 4"])
def test_an_unreadable_config_is_not_written_to(root: Path, config: str) -> None:
    first_generation(root)
    make_identity(root, Boot(mode="installed", slot="A", config=config), Keygen())
    assert len(list((root / "config/a").iterdir())) == 1
    assert "ssh_host_ecdsa_key" in key_files(root)


def test_a_live_node_makes_keys_only_when_ssh_is_open(root: Path) -> None:
    assert make_identity(root, LIVE, Keygen()) == ()
    (root / "etc/ssh/sshd_not_to_be_run").unlink()
    assert len(make_identity(root, LIVE, Keygen())) == 2
    assert list((root / "config").iterdir()) == []


def test_a_missing_machine_id_is_made(root: Path) -> None:
    (root / "etc/machine-id").write_text("")
    assert make_identity(root, LIVE, Keygen()) == ("/etc/machine-id",)
    assert json.dumps((root / "etc/machine-id").read_text().strip()) == json.dumps("0" * 32)
