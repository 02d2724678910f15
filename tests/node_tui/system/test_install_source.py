"""Where the image comes from, and what RAUC says about it."""

import json
from pathlib import Path

import pytest

from node_tui.system.install_source import (
    find_bundle,
    machine_arguments,
    parse_source,
    read_image_arguments,
)
from persist.errors import BundleError, PlanError

RECORDED = Path(__file__).with_name("rauc-info.json")
BUNDLE = Path("/run/node/medium/node.raucb")


def test_a_recorded_bundle() -> None:
    source = parse_source(RECORDED.read_text(), BUNDLE, ("console=ttyS0",))
    assert (source.version, source.size) == ("0.1.0~dev18+g6cd762a", 349966336)
    assert source.sha256.startswith("e93efc0812f0")
    assert source.arguments == ("console=ttyS0",)


def test_a_bundle_of_something_else() -> None:
    told = json.loads(RECORDED.read_text())
    told["images"][0]["filename"] = "firmware.bin"
    with pytest.raises(BundleError, match=r"holds no root\.img"):
        parse_source(json.dumps(told), BUNDLE, ())


def test_words_instead_of_json() -> None:
    with pytest.raises(BundleError, match="told something unexpected"):
        parse_source("segmentation fault", BUNDLE, ())


def live(root: Path, bundle: str | None) -> Path:
    (root / "run/node").mkdir(parents=True)
    (root / "run/node/boot.json").write_text(json.dumps({"mode": "live", "bundle": bundle}))
    return root


def test_the_bundle_on_the_medium_is_found_behind_its_link(tmp_path: Path) -> None:
    live(tmp_path, "/run/node/node.raucb")
    (tmp_path / "on-medium").write_bytes(b"bundle")
    (tmp_path / "run/node/node.raucb").symlink_to(tmp_path / "on-medium")
    assert find_bundle(tmp_path) == tmp_path / "on-medium"


def test_a_system_without_a_bundle_has_nothing_to_install(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="not started from a bundle"):
        find_bundle(live(tmp_path, None))


def test_arguments_of_the_image_do_not_become_the_machines(tmp_path: Path) -> None:
    (tmp_path / "node.cfg").write_text('# comment\nset args="quiet panic=30 rd.shell=0"\n')
    given = ("panic=30", "quiet", "console=ttyS0", "intel_iommu=on", "console=ttyS0")
    image = read_image_arguments(tmp_path / "node.cfg")
    assert machine_arguments(given, image) == ("console=ttyS0", "intel_iommu=on")


def test_an_image_without_arguments(tmp_path: Path) -> None:
    assert read_image_arguments(tmp_path / "node.cfg") == frozenset()


def test_the_arguments_of_our_image_are_found() -> None:
    shipped = Path(__file__).parents[3] / "image/build/node.cfg"
    assert "systemd.gpt_auto=no" in read_image_arguments(shipped)
