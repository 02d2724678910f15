"""The wheels of the image: found by an installed builder, through the host's settings of pip."""

from pathlib import Path

import pytest

from image.build import host, wheels
from image.build.version import SHIPPED, SOURCE


def test_an_installed_builder_has_the_lock() -> None:
    assert wheels.LOCK.is_file()
    assert wheels.LOCK.relative_to(SOURCE).parts[0] in SHIPPED


def test_pip_sees_the_settings_of_this_host_and_leaves_no_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path))
    monkeypatch.setenv("HOME", "/home/builder")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    seen: dict[str, str] = {}

    def install(argv: list[str], *, env: dict[str, str], **_options: object) -> bytes:
        seen.update(env)
        folder = Path(argv[argv.index("--target") + 1]) / "rich-15.0.0.dist-info"
        folder.mkdir(parents=True)
        for name in ("METADATA", "RECORD", "INSTALLER"):
            (folder / name).touch()
        return b""

    monkeypatch.setattr(host, "run", install)
    tree = wheels.wheels_tree()
    assert seen["HOME"] == "/home/builder"
    assert seen["PIP_INDEX_URL"] == "https://index.example/simple"
    assert [path.name for path in tree.glob("*/*")] == ["METADATA"]
