"""The keys that sign a bundle: the given ones, or development keys made on the first build."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from image.build import host
from persist.errors import BundleError
from persist.translation import _

STEP = "keys"
# Old enough that a node whose clock is wrong still takes a development bundle.
VALID = ["-not_before", "20200101000000Z", "-not_after", "20991231000000Z"]


@dataclass(frozen=True)
class Keys:
    """``key`` is a file or a PKCS#11 URI, ``certificate`` a file or URI that goes with it,
    ``trusted`` the PEM file a node checks against. ``kind`` is "development" or "release"."""

    key: str
    certificate: str
    trusted: Path
    kind: str

    def fingerprint(self) -> str:
        """Return the SHA-256 of the trusted certificates' text, 64 hex digits."""
        return hashlib.sha256(self.trusted.read_bytes()).hexdigest()


def development_keys(folder: Path, tools: Path) -> Keys:
    """Return the keys in ``folder``, made when it has none. Their names say DEVELOPMENT."""
    key, certificate = folder / "development.key", folder / "development.pem"
    if not (key.exists() and certificate.exists()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_pair(key, certificate, folder, tools)
    return Keys(str(key), str(certificate), certificate, "development")


def _make_pair(key: Path, certificate: Path, folder: Path, tools: Path) -> None:
    subject = "/O=Node/CN=Node DEVELOPMENT signing key"
    # Both get their names when both are whole: a build that was cut leaves no half a key.
    made = {path: path.with_name(f"{path.name}.part") for path in (key, certificate)}
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha256", *VALID]
    argv += ["-subj", subject, "-keyout", str(made[key]), "-out", str(made[certificate])]
    for extension in (
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        # openssl cms -verify asks for e-mail protection unless told otherwise; RAUC takes both.
        "extendedKeyUsage=codeSigning,emailProtection",
        "subjectKeyIdentifier=hash",
    ):
        argv += ["-addext", extension]
    host.run(argv, step=STEP, root=tools, binds=(folder,))
    made[key].chmod(0o600)
    for path, unfinished in made.items():
        unfinished.rename(path)


def given_keys(key: str, certificate: str, trusted: Path | None) -> Keys:
    """Return the keys the caller names; ``trusted`` defaults to the certificate's own file."""
    key, certificate = _found(key), _found(certificate)
    if trusted is not None:
        trusted = Path(_found(str(trusted)))
    if trusted is None and certificate.startswith("pkcs11:"):
        raise BundleError(
            _("a node needs the certificate as a file to check against"),
            _("add --keyring FILE with the certificate, or with its authority, in PEM"),
        )
    return Keys(key, certificate, trusted or Path(certificate), "release")


def _found(name: str) -> str:
    """Return ``name`` as it is when it is a URI, else the absolute path of that file."""
    if name.startswith("pkcs11:"):
        return name
    if not Path(name).is_file():
        raise BundleError(
            _("there is no file {name}").format(name=name),
            _("--key and --cert take a PEM file or a PKCS#11 URI (pkcs11:token=...)"),
        )
    return str(Path(name).resolve())
