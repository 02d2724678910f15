"""Manifest, bill of materials, lock, checksums and the size check."""

import hashlib
import io
import json
import os
from pathlib import Path

import pytest

from image.build.inventory import debian_packages, files_of, wheel_packages
from image.build.lock import read_lock, write_lock
from image.build.output import (
    ENDINGS,
    check_size,
    forget_old_builds,
    link_newest,
    write_checksums,
)
from image.build.progress import Progress
from image.build.sbom import spdx_document
from image.distro.debian import installed
from image.manifest import Manifest, Package, decode_manifest, encode_manifest
from kickstart.recipe import Budget
from persist.errors import RecipeError, StepError

STATUS = """\
Package: rauc
Status: install ok installed
Architecture: amd64
Source: rauc (1.13-3)
Version: 1.13-3+deb13u1
Description: updates
 more words: here

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    root = tmp_path / "base"
    info = root / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(STATUS)
    (info / "rauc.list").write_text("/.\n/usr\n/usr/bin\n/usr/bin/rauc\n/lib/x.ko.xz\n")
    for name, text in {"usr/bin/rauc": "12345", "usr/lib/x.ko": "123"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    copyright_file = root / "usr/share/doc/rauc/copyright"
    copyright_file.parent.mkdir(parents=True)
    copyright_file.write_text("Files: *\nLicense: LGPL-2.1\n\nLicense: MIT\n Permission is\n")
    return root


def manifest(*packages: Package) -> Manifest:
    return Manifest(
        version="1.2.3",
        variant="minimal",
        compatible="node-amd64",
        commit="c0ffee",
        epoch=1_700_000_000,
        kernel="6.12.1-amd64",
        key="development",
        key_fingerprint="ab" * 32,
        packages=packages,
    )


RAUC = Package(
    name="rauc",
    version="1.13-3+deb13u1",
    source="rauc",
    licences=("LGPL-2.1", "MIT"),
    installed=8,
)


def test_packages_with_licences_and_what_is_left_of_them(base: Path) -> None:
    assert debian_packages(base, base) == (RAUC,)
    fields = installed(base)["rauc"]
    assert files_of(base, "rauc", fields)[-1] == "usr/lib/x.ko.xz"


def test_a_package_without_files_in_the_image_is_not_listed(base: Path, tmp_path: Path) -> None:
    assert debian_packages(base, tmp_path / "empty") == ()


def test_wheels(tmp_path: Path) -> None:
    folder = tmp_path / "rich-15.0.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: rich\nLicense-Expression: MIT\n\nLicense: not this\n")
    assert wheel_packages(tmp_path) == (
        Package(name="python:rich", version="15.0.0", source="pypi", licences=("MIT",)),
    )


def test_the_manifest_comes_back_as_it_was() -> None:
    value = manifest(RAUC)
    assert decode_manifest(encode_manifest(value)) == value
    assert encode_manifest(value) == encode_manifest(manifest(RAUC))


def test_a_newer_manifest_with_more_fields_is_read() -> None:
    content = json.loads(encode_manifest(manifest(RAUC)))
    content["of_the_future"] = 1
    assert decode_manifest(json.dumps(content).encode()) == manifest(RAUC)


def test_spdx_is_the_same_for_the_same_packages() -> None:
    text = spdx_document(manifest(RAUC))
    assert text == spdx_document(manifest(RAUC))
    document = json.loads(text)
    assert document["spdxVersion"] == "SPDX-2.3"
    assert document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    (package,) = document["packages"]
    assert package["SPDXID"] == "SPDXRef-rauc"
    assert package["licenseComments"] == "LGPL-2.1 AND MIT"
    (reference,) = package["externalRefs"]
    assert reference["referenceLocator"] == "pkg:deb/debian/rauc@1.13-3%2Bdeb13u1"


def test_a_lock_names_what_the_mirror_no_longer_has(base: Path, tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    write_lock(path, base, base)
    read_lock(path).check(base, base)
    status = base / "var/lib/dpkg/status"
    status.write_text(status.read_text().replace("1.13-3+deb13u1", "1.14-1"))
    with pytest.raises(RecipeError) as caught:
        read_lock(path).check(base, base)
    assert str(caught.value).replace(str(tmp_path), "") == (
        "/lock.json:1: the mirror no longer has: rauc 1.13-3+deb13u1, rauc 1.13-3+deb13u1\n"
        "use a mirror that keeps old versions, or build without --lock"
    )


def test_a_lock_names_what_it_does_not_know(base: Path, tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    write_lock(path, base, base)
    content = json.loads(path.read_text())
    del content["image"]["rauc"]
    path.write_text(json.dumps(content))
    with pytest.raises(RecipeError, match=r"not in the lock, but installed: rauc 1\.13-3"):
        read_lock(path).check(base, base)


def test_old_development_builds_leave_dist_and_releases_stay(tmp_path: Path) -> None:
    versions = ["1.0.0", *(f"1.0.1~dev{number}+gabc" for number in range(5))]
    for age, version in enumerate(versions):
        for ending in ENDINGS:
            path = tmp_path / f"node-{version}.{ending}"
            path.touch()
            os.utime(path, (1_700_000_000 + age, 1_700_000_000 + age))
    (tmp_path / "node-1.0.1.raucb.part").touch()
    (tmp_path / "notes.txt").touch()
    forget_old_builds(tmp_path, "1.0.1~dev4+gabc")
    left = {path.name for path in tmp_path.iterdir()}
    kept = ("1.0.0", "1.0.1~dev2+gabc", "1.0.1~dev3+gabc", "1.0.1~dev4+gabc")
    assert left == {"notes.txt", *(f"node-{name}.{ending}" for name in kept for ending in ENDINGS)}


def test_a_file_that_is_no_lock_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    path.write_text('{"tools": {}}')
    with pytest.raises(RecipeError, match="not a package lock"):
        read_lock(path)


def test_checksums_and_links(tmp_path: Path) -> None:
    (tmp_path / "pxe").mkdir()
    for name in ("node-1.2.3.iso", "node-1.2.3.raucb", "pxe/vmlinuz", "node-1.0.0.iso"):
        (tmp_path / name).write_text(name)
    link_newest(tmp_path, tmp_path / "node-1.2.3.iso", tmp_path / "node-1.2.3.raucb")
    write_checksums(tmp_path, "1.2.3")
    assert (tmp_path / "node.iso").read_text() == "node-1.2.3.iso"
    lines = (tmp_path / "SHA256SUMS").read_text().splitlines()
    assert [line.split()[1] for line in lines] == [
        "node-1.2.3.iso", "node-1.2.3.raucb", "pxe/vmlinuz",
    ]  # fmt: skip
    assert lines[0].split()[0] == hashlib.sha256(b"node-1.2.3.iso").hexdigest()


def test_the_size_check_warns_then_breaks_naming_the_largest(tmp_path: Path) -> None:
    iso = tmp_path / "node.iso"
    iso.write_bytes(bytes(3_000_000))
    said = io.StringIO()
    progress = Progress(1, said)
    check_size(iso, Budget(3_000_000, 3_500_000), manifest(RAUC), progress)
    assert said.getvalue() == ""
    check_size(iso, Budget(2_000_000, 3_500_000), manifest(RAUC), progress)
    assert said.getvalue().startswith("warning: node.iso has 3.0 MB; largest packages")
    with pytest.raises(StepError) as caught:
        check_size(iso, Budget(1_000_000, 2_000_000), manifest(RAUC), progress)
    assert str(caught.value) == (
        "node.iso has 3.0 MB; largest packages, MB installed: rauc 0.0\n"
        "the budget is 2 MB: take a package out of the recipe"
    )
