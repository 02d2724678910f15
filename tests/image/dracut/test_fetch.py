"""A real RAUC bundle is taken only when a trusted key signed it and its content."""

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from tests.conftest import lacks
from tests.image.dracut.shell import NET, Initramfs

PROGRAMS = ("rauc", "mksquashfs", "openssl", "veritysetup", "dash")
MANIFEST = """[update]
compatible=node-amd64
version=1.0.0

[bundle]
format=verity

[image.root]
filename=root.img
"""


def make_key(folder: Path, name: str) -> None:
    """Make ``name.key`` and a self-signed ``name.pem``."""
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    argv += ["-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two keys and bundle.raucb, signed with the first."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        lacks(f"{', '.join(missing)} is not installed")
    folder = tmp_path_factory.mktemp("bundle")
    for name in ("ours", "foreign"):
        make_key(folder, name)
    content = folder / "content"
    content.mkdir()
    (content / "manifest.raucm").write_text(MANIFEST)
    (content / "root.img").write_bytes(Random(1).randbytes(2**18))  # noqa: S311
    argv = ["rauc", "bundle", "--cert", "ours.pem", "--key", "ours.key", "content", "bundle.raucb"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return folder


def opened(initramfs: Initramfs, bundle: Path, trusted: Path) -> subprocess.CompletedProcess[str]:
    """Verify ``bundle`` without device mapper: as there, opening finds no damage, reading does."""
    real = shutil.which("veritysetup")
    opened = initramfs.folder / "opened"
    initramfs.stub(
        "veritysetup",
        f'data=$2 tree=$4 root=$5; shift 5; echo verify "$data" "$tree" "$root" "$@" >{opened}',
    )
    initramfs.stub("dd", f"[ $1 = if=/dev/mapper/node-bundle ] && exec {real} $(cat {opened})")
    initramfs.stub("losetup", 'for last in "$@"; do :; done; echo "$last"')
    initramfs.stub("modprobe", "exit 0")
    initramfs.stub("mount", f'echo "$@" >>{initramfs.folder}/mounted')
    script = f"TRUSTED={trusted}; fetched=$RUN; open_verified {bundle} http://server/node.raucb"
    return initramfs.run(script, NET / "fetch.sh")


def changed(made: Path, folder: Path, offset: int) -> Path:
    """Return a copy of the bundle with one bit flipped, counted from its end when negative."""
    raw = bytearray((made / "bundle.raucb").read_bytes())
    raw[offset] ^= 1
    path = folder / "changed.raucb"
    path.write_bytes(raw)
    return path


def test_our_bundle_is_opened(initramfs: Initramfs, made: Path) -> None:
    done = opened(initramfs, made / "bundle.raucb", made / "ours.pem")
    assert done.returncode == 0, (done.stderr, initramfs.failure)
    mounted = (initramfs.folder / "mounted").read_text()
    assert (
        mounted
        == f"-t squashfs -o ro,nosuid,nodev /dev/mapper/node-bundle {initramfs.folder}/run/bundle\n"
    )


def test_another_key_is_not_trusted(initramfs: Initramfs, made: Path) -> None:
    assert opened(initramfs, made / "bundle.raucb", made / "foreign.pem").returncode == 1
    assert initramfs.failure[0].startswith(
        "The signature of http://server/node.raucb is not trusted"
    )
    assert initramfs.failure[1] == (
        "Use a bundle signed for this initrd: both come from the same pxe/ directory."
    )
    assert not (initramfs.folder / "mounted").exists()


@pytest.mark.parametrize("offset", [64, 4096, 100_000])
def test_changed_content_is_refused(initramfs: Initramfs, made: Path, offset: int) -> None:
    path = changed(made, initramfs.folder, offset)
    assert opened(initramfs, path, made / "ours.pem").returncode == 1
    assert initramfs.failure[0] == (
        "The content of http://server/node.raucb does not match its signature."
    )


def test_a_changed_manifest_is_refused(initramfs: Initramfs, made: Path) -> None:
    raw = (made / "bundle.raucb").read_bytes()
    path = changed(made, initramfs.folder, raw.rindex(b"node-amd64"))
    assert opened(initramfs, path, made / "ours.pem").returncode == 1
    assert "is not trusted" in initramfs.failure[0]


def test_a_changed_hash_tree_is_refused(initramfs: Initramfs, made: Path) -> None:
    raw = (made / "bundle.raucb").read_bytes()
    size = int.from_bytes(raw[-8:], "big")
    path = changed(made, initramfs.folder, len(raw) - 8 - size - 4096)
    assert opened(initramfs, path, made / "ours.pem").returncode == 1
    assert not (initramfs.folder / "mounted").exists()


@pytest.mark.parametrize("cut", [1, 4096])
def test_a_cut_bundle_is_refused(initramfs: Initramfs, made: Path, cut: int) -> None:
    path = initramfs.folder / "cut.raucb"
    path.write_bytes((made / "bundle.raucb").read_bytes()[:-cut])
    assert opened(initramfs, path, made / "ours.pem").returncode == 1
    assert not (initramfs.folder / "mounted").exists()


@pytest.mark.parametrize("content", [b"", b"short", b"<html>404</html>" * 100, bytes(100_000)])
def test_what_is_no_bundle_is_named(initramfs: Initramfs, made: Path, content: bytes) -> None:
    path = initramfs.folder / "page"
    path.write_bytes(content)
    assert opened(initramfs, path, made / "ours.pem").returncode == 1
    assert initramfs.failure[0] == (
        f"What http://server/node.raucb delivered is no bundle ({len(content)} bytes)."
    )


def test_a_server_that_answers_with_an_error_is_told(initramfs: Initramfs) -> None:
    initramfs.stub("curl", "echo 'curl: (22) The requested URL returned error: 404' >&2; exit 22")
    done = initramfs.run('fetch http://server/x out || echo "$fetch_reason"', NET / "fetch.sh")
    assert done.stdout == "curl: (22) The requested URL returned error: 404\n"
