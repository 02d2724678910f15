"""The network boot directory, from an image's /boot."""

import gzip
from pathlib import Path

import pytest

from image.build import bootloader, pxe
from image.build.pxe import build_pxe, image_arguments, join_segments
from persist.errors import StepError

LOADERS = (
    bootloader.SHIM,
    bootloader.MOK_MANAGER,
    f"{bootloader.SIGNED_GRUB}/grubnetx64.efi.signed",
    f"{pxe.IPXE}/undionly.kpxe",
    f"{pxe.IPXE}/ipxe.efi",
)


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    boot = tmp_path / "rootfs/boot"
    boot.mkdir(parents=True)
    (boot / "vmlinuz").write_bytes(b"kernel")
    (boot / "initrd.img").write_bytes(gzip.compress(b"base"))
    (boot / "initrd-net.img").write_bytes(b"net")
    (boot / "node.cfg").write_text('# comment\nset args="quiet panic=30"\n')
    for name in LOADERS:
        path = tmp_path / "tools" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "node.raucb").write_bytes(b"bundle")
    return tmp_path / "rootfs"


def test_everything_a_server_needs_is_there(rootfs: Path, tmp_path: Path) -> None:
    out = build_pxe(tmp_path / "tools", rootfs, tmp_path / "node.raucb", tmp_path / "pxe")
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == [
        "boot.ipxe",
        "grub/grub.cfg",
        "grub/node.cfg",
        "grubx64.efi",
        "initrd",
        "ipxe.efi",
        "mmx64.efi",
        "node.raucb",
        "shimx64.efi",
        "undionly.kpxe",
        "vmlinuz",
    ]
    assert (out / "node.raucb").read_bytes() == b"bundle"
    assert "quiet panic=30 console=" in (out / "boot.ipxe").read_text()


def test_building_twice_replaces_the_bundle(rootfs: Path, tmp_path: Path) -> None:
    bundle, out = tmp_path / "node.raucb", tmp_path / "pxe"
    build_pxe(tmp_path / "tools", rootfs, bundle, out)
    newer = tmp_path / "newer.raucb"
    newer.write_bytes(b"newer")
    build_pxe(tmp_path / "tools", rootfs, newer, out)
    assert (out / "node.raucb").read_bytes() == b"newer"
    assert bundle.read_bytes() == b"bundle"


def test_each_segment_begins_at_four_bytes(rootfs: Path) -> None:
    boot = rootfs / "boot"
    base = (boot / "initrd.img").read_bytes()
    joined = join_segments(boot / "initrd.img", boot / "initrd-net.img")
    place = joined.index(b"net")
    assert place % 4 == 0
    assert joined[: len(base)] == base
    assert not any(joined[len(base) : place])


def test_an_image_without_a_segment_is_refused(rootfs: Path, tmp_path: Path) -> None:
    (rootfs / "boot/initrd-net.img").unlink()
    with pytest.raises(StepError, match=r"no .*initrd-net\.img: No such file"):
        build_pxe(tmp_path / "tools", rootfs, tmp_path / "node.raucb", tmp_path / "pxe")


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('set args="a b=c"\n', "a b=c"),
        ("set args='a b'\n", "a b"),
        ("set args=a", "a"),
        ('# set args="no"\nset args="yes"\n', "yes"),
    ],
)
def test_the_arguments_are_those_grub_would_use(text: str, arguments: str) -> None:
    assert image_arguments(text) == arguments


def test_an_image_without_arguments_is_refused() -> None:
    with pytest.raises(StepError, match="sets no args"):
        image_arguments("# nothing\n")
