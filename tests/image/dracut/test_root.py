"""/config, the record of the boot, the limit of the restore."""

import json

import pytest

from tests.image.dracut.shell import BASE, Initramfs

SOURCES = (BASE / "source.sh", BASE / "root.sh")


@pytest.fixture(autouse=True)
def machine(initramfs: Initramfs) -> None:
    for name in ("mount", "umount", "udevadm"):
        initramfs.stub(name, f'echo {name} "$@" >>{initramfs.folder}/called')


@pytest.mark.parametrize(
    ("code", "mount", "config"),
    [
        (0, 0, "ok"),
        (1, 0, "ok"),
        (2, 0, "ok"),
        (4, 0, "unreadable: e2fsck DEV/node/config ended with 4"),
        (8, 0, "unreadable: e2fsck DEV/node/config ended with 8"),
        (0, 32, "unreadable: DEV/node/config cannot be mounted"),
    ],
)
def test_config(initramfs: Initramfs, code: int, mount: int, config: str) -> None:
    initramfs.stub("e2fsck", f"exit {code}")
    initramfs.stub("mount", f"exit {mount}")
    done = initramfs.run('mode=installed; mount_config; echo "$config"', *SOURCES)
    assert done.stdout.splitlines()[-1] == config.replace("DEV", f"{initramfs.folder}/dev")
    assert ("CONFIG UNREADABLE" in done.stdout) is (config != "ok")


def test_a_config_with_errors_takes_no_more_writes(initramfs: Initramfs) -> None:
    initramfs.stub("e2fsck", "exit 0")
    initramfs.stub("udevadm", "exit 0")
    initramfs.stub("mount", f'echo "$@" >>{initramfs.folder}/mounted')
    initramfs.run("mode=installed; mount_config", *SOURCES)
    (mounted,) = (initramfs.folder / "mounted").read_text().splitlines()
    assert "errors=remount-ro" in mounted


def test_a_missing_config_partition_does_not_stop_the_boot(initramfs: Initramfs) -> None:
    initramfs.stub("udevadm", "exit 1")
    done = initramfs.run('mode=installed; mount_config; echo "$config"', *SOURCES)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("unreadable: partition 5 (Config) is missing")


@pytest.mark.parametrize("mode", ["live", "stateless"])
def test_other_modes_touch_no_disk(initramfs: Initramfs, mode: str) -> None:
    initramfs.stub("e2fsck", f"touch {initramfs.folder}/checked")
    done = initramfs.run(f'mode={mode}; mount_config; echo "$config"', *SOURCES)
    assert done.stdout == "absent\n"
    assert not (initramfs.folder / "checked").exists()


def test_the_record_of_an_installed_boot(initramfs: Initramfs) -> None:
    script = "mode=installed slot=B source_text='PARTUUID=\"x\"' config=ok; write_boot_record"
    assert initramfs.run(script, *SOURCES).returncode == 0
    assert json.loads((initramfs.folder / "run/boot.json").read_text()) == {
        "mode": "installed", "slot": "B", "source": 'PARTUUID="x"', "bundle": None,
        "config": "ok", "medium_device": None, "restore": "ok",
    }  # fmt: skip
    assert (initramfs.folder / "run/installed").exists()


def test_the_record_of_a_live_boot(initramfs: Initramfs) -> None:
    values = "mode=live source_text=x bundle=/run/node/node.raucb medium_device=/dev/sr0"
    assert initramfs.run(f"{values}; write_boot_record", *SOURCES).returncode == 0
    record = json.loads((initramfs.folder / "run/boot.json").read_text())
    assert (record["slot"], record["bundle"], record["medium_device"]) == (
        None, "/run/node/node.raucb", "/dev/sr0",
    )  # fmt: skip
    assert not (initramfs.folder / "run/installed").exists()


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (0, "ok"),
        (124, "did not end within 20 s"),
        (137, "did not end within 20 s"),
        (1, "ended with 1"),
    ],
)
def test_a_restore_that_fails_is_told_and_the_boot_goes_on(
    initramfs: Initramfs, code: int, result: str
) -> None:
    initramfs.stub("timeout", f'echo timeout "$@" >>{initramfs.folder}/called; exit {code}')
    done = initramfs.run("mode=live source_text=x; write_boot_record; run_restore", *SOURCES)
    assert done.returncode == 0
    assert json.loads((initramfs.folder / "run/boot.json").read_text())["restore"] == result
    called = (initramfs.folder / "called").read_text()
    assert "timeout --kill-after=2 20 chroot" in called
    for name in ("run", "dev", "sys", "proc"):
        assert f"umount -l {initramfs.folder}/sysroot/{name}" in called
