"""What a build makes anew when something changed, and how its errors end."""

import errno
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from image import cli
from image.build import bundle, image
from image.build.keys import Keys
from image.build.overlay import lay_over
from image.build.version import Origin
from kickstart.recipe import load_recipe, variant_recipe


@pytest.fixture
def seen_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    keys: list[str] = []

    def record(_stage: str, key: str, _make: object) -> Path:
        keys.append(key)
        return tmp_path

    monkeypatch.setattr(image, "cached_folder", record)
    return keys


def test_every_wish_of_a_recipe_is_a_part_of_the_sealed_tree(
    seen_keys: list[str], tmp_path: Path
) -> None:
    trusted = tmp_path / "trusted.pem"
    trusted.touch()
    signing = Keys("k", "c", trusted, "release")
    trees = image.Trees(*(tmp_path / name for name in "abcde"))
    recipe = load_recipe(variant_recipe("minimal"))
    for changed in (
        recipe,
        replace(recipe, enabled=("my.service",)),
        replace(recipe, disabled=("my.service",)),
        replace(recipe, build_only=()),
        replace(recipe, variant="mine"),
    ):
        image.sealed_tree(trees, changed, Origin("1.2.3", "c0ffee", 0), signing)
    assert len(set(seen_keys)) == 5
    elsewhere = replace(
        recipe,
        origins={},
        scripts=tuple(replace(script, origin="elsewhere.ks:1") for script in recipe.scripts),
    )
    assert elsewhere != recipe
    image.sealed_tree(trees, elsewhere, Origin("1.2.3", "c0ffee", 0), signing)
    assert seen_keys[-1] == seen_keys[0]


def test_modes_of_a_checkout_do_not_reach_the_image(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "folder").mkdir(parents=True)
    for name, mode in {"program": 0o700, "data": 0o664}.items():
        (source / "folder" / name).touch()
        (source / "folder" / name).chmod(mode)
    (source / "folder").chmod(0o2775)
    lay_over(source, target)
    modes = {path.name: f"{path.stat().st_mode & 0o7777:o}" for path in target.rglob("*")}
    assert modes == {"folder": "755", "program": "755", "data": "644"}


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (errno.ENOSPC, 4, "No space left on device\nmake room there and build again"),
        (errno.EACCES, 4, "Permission denied\nit may be left from a build as root"),
        (errno.EIO, 1, "Traceback"),
    ],
)
def test_what_the_filesystem_refuses_is_told_in_words(
    number: int,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(
            number, {28: "No space left on device", 13: "Permission denied"}.get(number, ""), "/x"
        )

    monkeypatch.setattr(cli, "build_image", refuse)
    monkeypatch.setattr(cli, "become_root", lambda: None)
    assert cli.main(["build"]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        ([], "dist"),
        (["--variant", "minimal"], "dist/minimal"),
        (["--variant", "minimal", "--out", "here"], "here"),
        (["--recipe", "my.ks"], "dist"),
    ],
)
def test_variants_do_not_overwrite_each_other(
    words: list[str], folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Path] = []

    def note(request: image.Request, _progress: object) -> None:
        asked.append(request.out)
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "build_image", note)
    monkeypatch.setattr(cli, "become_root", lambda: None)
    assert cli.main(["build", *words]) == 130
    assert asked == [tmp_path / folder]


@pytest.mark.parametrize(("kind", "signatures"), [("development", 1), ("release", 2)])
def test_only_a_development_key_signs_once_for_two_builds(
    kind: str, signatures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign(_tools: Path, _image: Path, _keys: Keys, out: Path, *_rest: object) -> None:
        made.append(out)
        out.write_text(f"bundle {len(made)}")

    made: list[Path] = []
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bundle, "build_bundle", sign)
    trusted = tmp_path / "trusted.pem"
    trusted.touch()
    manifest = SimpleNamespace(version="1.2.3", epoch=0)
    built = image.Built(tmp_path, tmp_path / "made/root.img", manifest)  # type: ignore[arg-type]
    for _build in range(2):
        newest = image.signed(built, tmp_path / "tools", Keys("k", "c", trusted, kind))
    assert len(made) == signatures
    assert newest.read_text() == f"bundle {signatures}"
