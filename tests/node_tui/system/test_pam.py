"""Passwords through the real libpam, with a private service folder."""

import grp
import pwd
import threading
from pathlib import Path

import pytest

from node_tui.system.pam import Pam
from persist.errors import DependencyError

RIGHT = "pässwörd with spaces"


@pytest.fixture
def pam(tmp_path: Path) -> Pam:
    """Return a PAM whose service ``node`` knows one password, compared by a script."""
    script = tmp_path / "compare"
    script.write_text(f"#!/bin/sh\n[ \"$(tr -d '\\000')\" = '{RIGHT}' ]\n", encoding="utf-8")
    script.chmod(0o755)
    folder = tmp_path / "pam.d"
    folder.mkdir()
    (folder / "node").write_text(
        f"auth required pam_exec.so quiet expose_authtok {script}\naccount required pam_permit.so\n"
    )
    return Pam(folder)


def test_the_right_password_opens(pam: Pam) -> None:
    assert pam.check("root", RIGHT)


@pytest.mark.parametrize("wrong", ["", "x", RIGHT + "x", RIGHT.upper(), "x" * 5000, "a\0b"])
def test_any_other_does_not(pam: Pam, wrong: str) -> None:
    assert not pam.check("root", wrong)


def test_an_account_that_is_closed_stays_closed(pam: Pam, tmp_path: Path) -> None:
    (tmp_path / "pam.d/node").write_text(
        "auth required pam_permit.so\naccount required pam_deny.so\n"
    )
    assert not pam.check("root", RIGHT)


def test_checks_in_several_threads_do_not_mix(pam: Pam) -> None:
    results: dict[str, bool] = {}

    def check(password: str) -> None:
        results[password] = pam.check("root", password)

    threads = [threading.Thread(target=check, args=(word,)) for word in (RIGHT, "a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert results == {RIGHT: True, "a": False, "b": False, "c": False}


def test_a_missing_service_is_a_fault_of_the_image(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DependencyError, match="PAM does not know the service node"):
        Pam(tmp_path / "empty").check("root", RIGHT)


def test_the_role_is_that_of_the_highest_group(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = {960: "node-viewer", 962: "node-admin", 5: "tty"}

    def getgrgid(number: int) -> grp.struct_group:
        if number not in groups:
            raise KeyError(number)
        return grp.struct_group((groups[number], "x", number, []))

    memberships = {"anna": [5, 960, 962], "otto": [5, 960, 77], "eve": [5]}
    monkeypatch.setattr("grp.getgrgid", getgrgid)
    monkeypatch.setattr("os.getgrouplist", lambda user, _gid: memberships[user])
    monkeypatch.setattr(
        "pwd.getpwnam",
        lambda user: pwd.struct_passwd((user, "x", 1, 1, "", "/", "/bin/false")),
    )
    pam = Pam()
    assert [pam.role_of(user) for user in memberships] == ["admin", "viewer", None]


def test_an_unknown_user_has_no_role() -> None:
    assert Pam().role_of("no-such-user") is None
    assert Pam().role_of("a\0b") is None
