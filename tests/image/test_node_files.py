"""Our own files in the image: launchers, os-release, what is laid over, what is sealed off."""

import subprocess
import sys
from pathlib import Path

import pytest

from image.build.node_files import LAUNCHERS, write_launchers, write_os_release
from image.build.overlay import lay_over
from image.build.seal import leaks, remove_packages
from image.build.version import VERSION, Origin, origin
from kickstart.recipe import load_recipe, variant_recipe
from persist.errors import NodeError


def test_a_launcher_calls_main_of_its_module(tmp_path: Path) -> None:
    write_launchers(tmp_path)
    for name in LAUNCHERS:
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o755
        compile((tmp_path / name).read_text(), name, "exec")


def test_a_launcher_takes_nothing_from_the_callers_folder(tmp_path: Path) -> None:
    write_launchers(tmp_path)
    (tmp_path / "node_tui.py").write_text("print('stranger')\n")
    done = subprocess.run(
        [sys.executable, "-I", tmp_path / "usr/bin/nodectl"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "stranger" not in done.stdout


def test_os_release(tmp_path: Path) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    recipe = load_recipe(variant_recipe("minimal"))
    write_os_release(tmp_path, recipe, Origin("1.2.3~dev4+gabc", "abc", 0))
    lines = (tmp_path / "etc/os-release").read_text().splitlines()
    assert 'VERSION_ID="1.2.3~dev4+gabc"' in lines
    assert "IMAGE_ID=node-minimal" in lines


def test_what_is_laid_over_gets_roots_modes(tmp_path: Path) -> None:
    source, target = tmp_path / "files", tmp_path / "rootfs"
    (source / "usr/lib").mkdir(parents=True)
    (source / "usr/lib/tool").write_text("#!/bin/sh\n")
    (source / "usr/lib/tool").chmod(0o700)
    (source / "usr/lib/conf").write_text("x")
    (source / "usr/lib/conf").chmod(0o600)
    (source / "usr/lib/link").symlink_to("conf")
    (source / "README.md").write_text("for people")
    lay_over(source, target)
    lay_over(source, target)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (target / "usr/lib").iterdir()}
    assert modes == {"tool": 0o755, "conf": 0o644, "link": 0o644}
    assert (target / "usr/lib/link").is_symlink()
    assert not (target / "README.md").exists()


@pytest.mark.parametrize(
    "version", ["1.2.3", "0.1.0~dev12+gabc1234", "1.0.0~rc1", "0.1.0~dev1+gabc1234.dirty"]
)
def test_versions_that_may_stand_in_names(version: str) -> None:
    assert VERSION.fullmatch(version)


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3 ", "1.2.3/../x", "1.2.3\n", "$(x)"])
def test_versions_that_may_not(version: str) -> None:
    with pytest.raises(NodeError, match="is not a version"):
        origin(version)


def test_removing_a_package_leaves_what_others_have_too(tmp_path: Path) -> None:
    base = tmp_path / "base"
    info = base / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    stanza = "Package: {}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n"
    (base / "var/lib/dpkg/status").write_text("\n".join(stanza.format(name) for name in "ab"))
    (info / "a.list").write_text("/.\n/usr\n/usr/share\n/usr/share/a\n/usr/share/both\n/only\n")
    (info / "b.list").write_text("/.\n/usr\n/usr/share\n/usr/share/both\n")
    rootfs = tmp_path / "rootfs"
    (rootfs / "usr/share").mkdir(parents=True)
    (rootfs / "only").mkdir()
    for name in ("a", "both"):
        (rootfs / "usr/share" / name).touch()
    remove_packages(rootfs, base, ("a", "not-installed"))
    left = sorted(str(path.relative_to(rootfs)) for path in rootfs.rglob("*"))
    assert left == ["usr", "usr/share", "usr/share/both"]


def test_a_leak_is_found(tmp_path: Path) -> None:
    for name in ("etc/ssh/ssh_host_rsa_key", "var/log/apt/history.log", "etc/machine-id"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "etc/hostname").touch()
    assert leaks(tmp_path) == [
        "etc/machine-id",
        "etc/ssh/ssh_host_rsa_key",
        "var/log/apt/history.log",
    ]
