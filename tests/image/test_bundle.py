"""Bundles signed with real tools: development keys, and a PKCS#11 token (SoftHSM)."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from image.build import host
from image.build.bundle import build_bundle, bundle_info, without_pin
from image.build.keys import Keys, development_keys, given_keys
from image.build.tools import newest_tools
from persist.errors import BundleError, DependencyError, StepError

STEP = "test-bundle"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@pytest.fixture(scope="module")
def tools() -> Path:
    if os.geteuid():
        pytest.skip("needs root: the build tools run by chroot")
    try:
        return newest_tools()
    except DependencyError:
        pytest.skip("needs a built image: ./dev image")


@pytest.fixture
def root_img(tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Logs and scratch files of the test; the tools were looked up in the real cache before.
    monkeypatch.setenv("NODE_IMAGE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "root.img"
    path.write_bytes(os.urandom(1 << 20))
    return path


def said_of(tools: Path, bundle: Path, keys: Keys) -> dict[str, object]:
    content: dict[str, object] = json.loads(bundle_info(tools, bundle, keys.trusted))
    return content


@pytest.mark.container
def test_development_keys_sign_and_say_so(tools: Path, root_img: Path, tmp_path: Path) -> None:
    keys = development_keys(tmp_path / "keys", tools)
    assert keys.kind == "development"
    assert (tmp_path / "keys/development.key").stat().st_mode & 0o077 == 0
    bundle = tmp_path / "x.raucb"
    build_bundle(tools, root_img, keys, bundle, "1.2.3~dev1+gabc", 1_700_000_000)
    said = said_of(tools, bundle, keys)
    assert said["compatible"] == "node-amd64"
    assert said["version"] == "1.2.3~dev1+gabc"
    assert said["format"] == "verity"
    subject = host.run(
        ["openssl", "x509", "-noout", "-subject", "-in", keys.trusted],
        step=STEP,
        root=tools,
        binds=(keys.trusted.parent,),
    )
    assert b"DEVELOPMENT" in subject
    # The second build takes the same keys.
    assert development_keys(tmp_path / "keys", tools).fingerprint() == keys.fingerprint()


@pytest.mark.container
def test_another_key_is_not_trusted(tools: Path, root_img: Path, tmp_path: Path) -> None:
    keys = development_keys(tmp_path / "keys", tools)
    other = development_keys(tmp_path / "other", tools)
    bundle = tmp_path / "x.raucb"
    build_bundle(tools, root_img, keys, bundle, "1.2.3", 0)
    with pytest.raises(StepError):
        bundle_info(tools, bundle, other.trusted)


@pytest.mark.container
def test_the_payload_is_not_compressed_again(tools: Path, root_img: Path, tmp_path: Path) -> None:
    keys = development_keys(tmp_path / "keys", tools)
    root_img.write_bytes(b"node" * (1 << 20))
    bundle = tmp_path / "x.raucb"
    build_bundle(tools, root_img, keys, bundle, "1.2.3", 0)
    assert bundle.stat().st_size > 4 << 20


@pytest.mark.container
def test_a_pkcs11_token_signs(
    tools: Path, root_img: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    monkeypatch.setenv("RAUC_PKCS11_MODULE", MODULE)
    trusted = fill_token(tools, tmp_path)
    uri = "pkcs11:token=release;object=signing?pin-value=1111"
    keys = given_keys(uri, str(trusted), None)
    bundle = tmp_path / "x.raucb"
    build_bundle(tools, root_img, keys, bundle, "1.2.3", 0)
    assert said_of(tools, bundle, keys)["version"] == "1.2.3"
    assert keys.kind == "release"
    assert "1111" not in host.log_path("bundle").read_text()
    monkeypatch.setenv("RAUC_PKCS11_PIN", "9999")
    wrong = given_keys(uri.partition("?")[0], str(trusted), None)
    with pytest.raises(BundleError, match="the token refuses the PIN"):
        build_bundle(tools, root_img, wrong, bundle, "1.2.3", 0)
    assert not bundle.exists()


def fill_token(tools: Path, folder: Path) -> Path:
    """Put a fresh key into a new token; return its certificate."""
    pair = development_keys(folder / "pair", tools)
    env = {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    pkcs8 = folder / "key.p8"
    pkcs8.write_bytes(
        host.run(
            ["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", pair.key],
            step=STEP,
            root=tools,
            binds=(folder,),
        )
    )
    softhsm = ["softhsm2-util", "--pin", "1111"]
    label = ["--token", "release", "--label", "signing", "--id", "01"]
    for argv in (
        [*softhsm, "--init-token", "--free", "--label", "release", "--so-pin", "2222"],
        [*softhsm, "--import", str(pkcs8), *label],
    ):
        host.run(argv, step=STEP, root=tools, binds=(folder,), env=env)
    return pair.trusted


@pytest.mark.container
def test_a_bundle_that_no_node_would_take_is_not_made(
    tools: Path, root_img: Path, tmp_path: Path
) -> None:
    good = development_keys(tmp_path / "good", tools)
    other = development_keys(tmp_path / "other", tools)
    key, certificate = tmp_path / "old.key", tmp_path / "old.pem"
    times = ["-not_before", "20200101000000Z", "-not_after", "20210101000000Z"]
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=old", *times]
    argv += ["-keyout", str(key), "-out", str(certificate)]
    host.run(argv, step=STEP, root=tools, binds=(tmp_path,))
    said = {}
    for name, keys in {
        "expired": given_keys(str(key), str(certificate), None),
        "not a pair": given_keys(good.key, other.certificate, None),
        "foreign keyring": given_keys(good.key, good.certificate, other.trusted),
    }.items():
        host.log_path("bundle").unlink(missing_ok=True)
        with pytest.raises(BundleError) as caught:
            build_bundle(tools, root_img, keys, tmp_path / "x.raucb", "1.2.3", 0)
        said[name] = caught.value.message
    assert said == {
        "expired": "the signing certificate has expired: no node would take this bundle",
        "not a pair": "--key and --cert do not belong together",
        "foreign keyring": "a node with this keyring would refuse the bundle",
    }
    assert not list(tmp_path.glob("x.raucb*"))


@pytest.mark.container
def test_a_bundle_goes_to_another_filesystem(
    tools: Path, root_img: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = development_keys(tmp_path / "keys", tools)
    monkeypatch.chdir(tmp_path / "keys")
    # Key and certificate as they are typed: relative to the caller's folder.
    given = given_keys("development.key", "development.pem", None)
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:
        bundle = Path(elsewhere) / "x.raucb"
        assert bundle.parent.stat().st_dev != tmp_path.stat().st_dev
        build_bundle(tools, root_img, given, bundle, "1.2.3", 0)
        assert said_of(tools, bundle, keys)["version"] == "1.2.3"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("pkcs11:token=a;object=b?pin-value=1%201", ("pkcs11:token=a;object=b", "1 1")),
        ("pkcs11:token=a;pin-value=11;object=b", ("pkcs11:token=a;object=b", "11")),
        (
            "pkcs11:token=a?pin-value=11&module-name=x",
            ("pkcs11:token=a?module-name=x", "11"),
        ),
        ("pkcs11:token=a", ("pkcs11:token=a", "")),
        ("/srv/pin-value=1/release.key", ("/srv/pin-value=1/release.key", "")),
    ],
)
def test_a_pin_leaves_the_uri(uri: str, expected: tuple[str, str]) -> None:
    assert without_pin(uri) == expected


def test_a_missing_key_file_is_named() -> None:
    with pytest.raises(BundleError) as caught:
        given_keys("/nowhere/release.key", "/nowhere/release.pem", None)
    assert caught.value.message == "there is no file /nowhere/release.key"
