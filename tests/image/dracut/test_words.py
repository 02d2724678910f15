"""Words of the kernel command line, reasons, JSON."""

import json

import pytest

from tests.image.dracut.shell import BASE, Initramfs


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("quiet node.bundle=LABEL=NODE:/node.raucb", "LABEL=NODE:/node.raucb"),
        ("node.bundle=http://a/b node.bundle=http://a/c", "http://a/c"),
        ('"node.bundle=http://a/b"', "http://a/b"),
        ('node.bundle="http://a/b"', "http://a/b"),
        ("node.bundle", ""),
        ("node.bundle=http://a/*?x=1&y=2", "http://a/*?x=1&y=2"),
    ],
)
def test_the_last_value_counts(initramfs: Initramfs, line: str, value: str) -> None:
    initramfs.command_line(line)
    done = initramfs.run("argument node.bundle")
    assert (done.returncode, done.stdout) == (0, f"{value}\n")


@pytest.mark.parametrize("line", ["", "xnode.bundle=1", "node.bundle2=1", "other=node.bundle"])
def test_a_word_that_is_not_there(initramfs: Initramfs, line: str) -> None:
    initramfs.command_line(line)
    assert initramfs.run("argument node.bundle").returncode == 1


@pytest.mark.parametrize(
    ("line", "mode"),
    [
        ("root=PARTUUID=1 rauc.slot=A", "installed"),
        ("node.bundle=LABEL=NODE:/x", "live"),
        ("root=PARTUUID=1 stateless", "stateless"),
        ("root=PARTUUID=1 stateless=no", "installed"),
        ("root=PARTUUID=1 node.stateless=yes", "stateless"),
    ],
)
def test_the_mode(initramfs: Initramfs, line: str, mode: str) -> None:
    initramfs.command_line(line)
    choose = (BASE / "node-root").read_text().split("choose_mode() {")[1].split("\n}\n")[0]
    done = initramfs.run(f"choose_mode() {{{choose}\n}}\nchoose_mode\necho $mode")
    assert done.stdout == f"{mode}\n"


def test_a_boolean_that_is_none_ends_the_boot(initramfs: Initramfs) -> None:
    initramfs.command_line("stateless=maybe")
    done = initramfs.run("enabled stateless; echo still here")
    assert done.returncode == 1
    assert "still here" not in done.stdout
    assert initramfs.failure == [
        "The kernel argument stateless=maybe is neither yes nor no.",
        "Write stateless or stateless=no, or leave it out.",
    ]


@pytest.mark.parametrize(
    "text", ['a "b"', "back\\slash", "tab\there", "plain", "%s $HOME `x`", "é"]
)
def test_quoted_is_json(initramfs: Initramfs, text: str) -> None:
    (initramfs.folder / "text").write_text(text)
    done = initramfs.run(f'quoted "$(cat {initramfs.folder}/text)"')
    assert json.loads(done.stdout) == text.replace("\t", " ")


def test_messages_reach_every_console(initramfs: Initramfs) -> None:
    (initramfs.folder / "consoles").write_text("tty0 ttyS0 gone\n")
    for name in ("tty0", "ttyS0"):
        (initramfs.folder / "dev" / name).write_text("")
    assert initramfs.run('say "one" "two"').returncode == 0
    for name in ("tty0", "ttyS0"):
        assert (initramfs.folder / "dev" / name).read_bytes() == b"one\r\ntwo\r\n"


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("", "90"),
        ("rd.timeout=7", "7"),
        *((f"rd.timeout={word}", "90") for word in ("x", "", "00")),
    ],
)
def test_waiting_has_an_end(initramfs: Initramfs, line: str, limit: str) -> None:
    initramfs.command_line(line)
    initramfs.stub("udevadm", f'echo "$@" >>{initramfs.folder}/asked; exit 1')
    assert initramfs.run("wait_for /dev/disk/by-label/NODE a-medium").returncode == 1
    asked = (initramfs.folder / "asked").read_text().splitlines()
    assert asked[-1] == f"wait --timeout={limit} /dev/disk/by-label/NODE"
