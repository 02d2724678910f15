"""What the ISO takes from the bundle. That it boots is the boot tier's."""

import struct
from pathlib import Path

import pytest

from image.build.iso import bundle_date, bundle_id, write_menu
from persist.errors import BundleError


def test_the_date_is_the_bundle_s_own(tmp_path: Path) -> None:
    bundle = tmp_path / "node.raucb"
    bundle.write_bytes(b"hsqs" + struct.pack("<II", 5, 1_700_000_000) + bytes(100))
    assert bundle_date(bundle) == 1_700_000_000


@pytest.mark.parametrize("content", [b"", b"hsqs", b"PK\3\4" + bytes(100)])
def test_anything_but_a_bundle_is_refused(tmp_path: Path, content: bytes) -> None:
    bundle = tmp_path / "node.raucb"
    bundle.write_bytes(content)
    with pytest.raises(BundleError, match="is not a bundle"):
        bundle_date(bundle)


def test_two_bundles_have_two_marks(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    assert bundle_id(tmp_path / "a") != bundle_id(tmp_path / "b")
    assert len(bundle_id(tmp_path / "a")) == 16


def test_the_medium_carries_the_mark_its_loader_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str | None] = {}

    def make_core(
        *_arguments: object, early_config: str | None = None, **_options: object
    ) -> bytes:
        seen["config"] = early_config
        return b"core"

    monkeypatch.setattr("image.build.iso.make_bios_core", make_core)
    write_menu(tmp_path, tmp_path, "1.2.3", "0123456789abcdef")
    assert (tmp_path / "boot/id/0123456789abcdef").read_text() == "1.2.3\n"
    assert "--file /boot/id/0123456789abcdef" in (seen["config"] or "")
    assert (tmp_path / ".disk/info").exists()
    assert (tmp_path / "boot/grub/grub.cfg").exists()
