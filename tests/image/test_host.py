"""The build's process starter: logs, failures that name step, command and log, chroot lines."""

import os
import subprocess
from pathlib import Path

import pytest

from image.build import host
from persist.errors import DependencyError, StepError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path))
    return tmp_path


def test_output_is_returned_and_logged(cache: Path) -> None:
    assert host.run(["sh", "-c", "echo out; echo err >&2"], step="try") == b"out\n"
    assert (cache / "logs/try.log").read_text() == "+ sh -c 'echo out; echo err >&2'\nerr\nout\n"


def test_a_failure_names_step_command_and_log(cache: Path) -> None:
    with pytest.raises(StepError) as caught:
        host.run(["sh", "-c", "echo no space left >&2; exit 3"], step="squashfs")
    assert str(caught.value).replace(str(cache), "CACHE") == (
        "step squashfs failed: sh: exit code 3\n"
        "the whole log is CACHE/logs/squashfs.log; its end:\n"
        "  + sh -c 'echo no space left >&2; exit 3'\n"
        "  no space left"
    )


def test_a_signal_is_said_in_words() -> None:
    with pytest.raises(StepError, match="sh: ended by signal 9"):
        host.run(["sh", "-c", "kill -9 $$"], step="try")


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(DependencyError) as caught:
        host.run(["mmdebstrap-of-nowhere"], step="packages")
    assert caught.value.message == (
        "step packages: the program mmdebstrap-of-nowhere is not installed"
    )


def test_the_host_leaks_no_locale_or_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    said = host.run(["env"], step="try").decode().splitlines()
    assert {"LC_ALL=C.UTF-8", "TZ=UTC", "http_proxy=http://proxy.example:3128"} <= set(said)


def test_secrets_stay_out_of_the_log(cache: Path) -> None:
    words = [
        "pkcs11:token=a?pin-value=1234&x=y",
        "deb http://me:geheim@mirror.example/debian trixie main",
        "http://proxy.example:3128",
    ]
    host.run(["true", *words], step="try")
    assert (cache / "logs/try.log").read_text() == (
        "+ true 'pkcs11:token=a?pin-value=***&x=y'"
        " 'deb http://me:***@mirror.example/debian trixie main' http://proxy.example:3128\n"
    )


def test_modes_do_not_follow_the_umask_of_the_caller() -> None:
    before = os.umask(0o077)
    try:
        assert host.run(["sh", "-c", "umask"], step="try") == b"0022\n"
    finally:
        os.umask(before)


def test_a_chroot_shows_only_what_is_bound(tmp_path: Path) -> None:
    line = host.enter_root(["rauc", "--version"], tmp_path / "tools", [tmp_path])
    assert line[:4] == ["unshare", "--mount", "--propagation", "private"]
    assert line[-5:] == [str(tmp_path / "tools"), str(tmp_path), "--", "rauc", "--version"]


def test_what_a_private_command_mounts_and_starts_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "half-made").mkdir()
    script = f"mount -t tmpfs mine {tmp_path}/half-made; sleep 611 & exit 3"
    with pytest.raises(StepError, match="sh"):
        host.run(["sh", "-c", script], step="try", private=True)
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert subprocess.run(["pgrep", "-f", "sleep 611"], check=False).returncode == 1
