"""The signed bundle: RAUC's verity format around ``root.img``."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from image.build import host
from image.build.bootloader import link_or_copy
from image.build.cache import remove_tree
from image.build.keys import Keys
from image.build.scratch import scratch_folder
from persist.errors import BundleError, StepError
from persist.translation import _

STEP = "bundle"
# RAUC reads the module and the PIN from these, SoftHSM where its tokens are.
TOKEN_ENVIRONMENT = ("RAUC_PKCS11_MODULE", "RAUC_PKCS11_PIN", "SOFTHSM2_CONF")
# Source: RFC 7512. The PIN is an attribute of the query, though many write it into the path.
PIN = re.compile(r"[;&]?\bpin-value=(?P<pin>[^;&?]*)")
COMPATIBLE = "node-amd64"
IMAGE = "root.img"
NAME = "node.raucb"
MANIFEST = """[update]
compatible={compatible}
version={version}

[bundle]
format=verity

[image.root]
filename={image}
"""
# The payload is compressed already; GRUB must read the bundle too, so xz for the rest.
MKSQUASHFS = "-comp xz -noD -noF -noI -no-progress -quiet -mkfs-time {epoch} -all-time {epoch}"


def build_bundle(
    tools: Path, root_img: Path, keys: Keys, out: Path, version: str, epoch: int
) -> None:
    """Write the bundle ``out`` of ``root_img``, signed with ``keys``.

    It is checked the way a node checks it before it gets its name. Raises BundleError saying what
    is wrong with key, certificate or keyring, StepError for anything else.
    """
    remove_tree(out)
    key, pin = without_pin(keys.key)
    with scratch_folder() as scratch:
        content = scratch / "content"
        content.mkdir()
        link_or_copy(root_img, content / IMAGE)
        (content / "manifest.raucm").write_text(
            MANIFEST.format(compatible=COMPATIBLE, version=version, image=IMAGE)
        )
        argv = ["rauc", "bundle", f"--key={key}", f"--cert={keys.certificate}"]
        argv += [f"--mksquashfs-args={MKSQUASHFS.format(epoch=epoch)}"]
        argv += [str(content), str(scratch / "bundle")]
        binds = (scratch, *_key_places(keys))
        try:
            host.run(argv, step=STEP, root=tools, binds=binds, env=_token_environment(pin))
            bundle_info(tools, scratch / "bundle", keys.trusted, step=STEP)
        except StepError as error:
            raise _explained(error) from error
        # The scratch folder may be on another filesystem, where a rename does not reach.
        unfinished = out.with_name(f"{out.name}.part")
        link_or_copy(scratch / "bundle", unfinished)
        unfinished.rename(out)


def without_pin(key: str) -> tuple[str, str]:
    """Return ``key`` without the PIN of a PKCS#11 URI, and the PIN or nothing.

    Every user of the machine may read the arguments of a process, and messages repeat the URI.
    """
    found = PIN.search(key) if key.startswith("pkcs11:") else None
    if found is None:
        return key, ""
    rest = key[: found.start()] + key[found.end() :]
    return rest.replace("?&", "?").rstrip("?"), unquote(found["pin"])


def _explained(error: StepError) -> Exception:
    """Return a BundleError when RAUC's words say what is wrong with the key or its certificate."""
    causes = {
        "PIN incorrect": (
            _("the token refuses the PIN"),
            _("give the right one in RAUC_PKCS11_PIN; a token locks itself after a few wrong ones"),
        ),
        "No PIN code was entered": (
            _("the token asks for a PIN and none was given"),
            _("give it in the environment variable RAUC_PKCS11_PIN"),
        ),
        "No matching initialized token": (
            _("no token on this machine matches the PKCS#11 URI"),
            _("look with pkcs11-tool --list-slots; RAUC_PKCS11_MODULE names the token's driver"),
        ),
        "object not found": (
            _("the token has no private key of the name in the PKCS#11 URI"),
            _("look with pkcs11-tool --login --list-objects"),
        ),
        "key values mismatch": (
            _("--key and --cert do not belong together"),
            _("give the certificate that was issued for this key"),
        ),
        "certificate has expired": (
            _("the signing certificate has expired: no node would take this bundle"),
            _("sign with a certificate that is valid today, and look at the clock"),
        ),
        "certificate is not yet valid": (
            _("the signing certificate is not valid yet: no node would take this bundle"),
            _("sign with a certificate that is valid today, and look at the clock"),
        ),
        "signature verification failed": (
            _("a node with this keyring would refuse the bundle"),
            _("--keyring FILE must hold the signing certificate or the authority that issued it"),
        ),
        "failed to parse cert file": (
            _("the file given with --cert is not a certificate in PEM"),
            _("it begins with -----BEGIN CERTIFICATE-----"),
        ),
    }
    said = host.log_path(STEP).read_text(errors="replace")
    for phrase, (message, hint) in causes.items():
        if phrase in said:
            return BundleError(message, f"{hint}\n{error.hint}")
    return error


def _key_places(keys: Keys) -> list[Path]:
    """Return what the signer must see of this host: key files, or what reaches the token."""
    names = (keys.key, keys.certificate)
    places = {Path(name) for name in names if not name.startswith("pkcs11:")}
    if any(name.startswith("pkcs11:") for name in names):
        places |= {path for path in _token_places() if path.exists()}
    return sorted(places)


def _token_places() -> Iterator[Path]:
    """Yield the smart-card daemon's folder, a vendor's module, SoftHSM's files."""
    yield Path("/run/pcscd")
    if module := os.environ.get("RAUC_PKCS11_MODULE"):
        yield Path(module)
    if configuration := os.environ.get("SOFTHSM2_CONF"):
        yield Path(configuration)
        for line in Path(configuration).read_text().splitlines():
            name, _equals, value = line.partition("=")
            if name.strip() == "directories.tokendir":
                yield Path(value.strip())


def _token_environment(pin: str) -> dict[str, str]:
    given = {name: os.environ[name] for name in TOKEN_ENVIRONMENT if name in os.environ}
    return {**given, "RAUC_PKCS11_PIN": pin} if pin else given


def bundle_info(tools: Path, bundle: Path, trusted: Path, step: str = "verify") -> bytes:
    """Check the signature of ``bundle`` against ``trusted``; return RAUC's JSON about it."""
    argv = ["rauc", "info", f"--keyring={trusted}", "--output-format=json", str(bundle)]
    return host.run(argv, step=step, root=tools, binds=(bundle, trusted))
