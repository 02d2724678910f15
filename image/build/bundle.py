"""The signed bundle: RAUC's verity format around ``root.img``."""

import os
from collections.abc import Iterator
from pathlib import Path

from image.build import host
from image.build.bootloader import link_or_copy
from image.build.cache import remove_tree
from image.build.keys import Keys
from image.build.scratch import scratch_folder

STEP = "bundle"
# RAUC reads the module and the PIN from these, SoftHSM where its tokens are.
TOKEN_ENVIRONMENT = ("RAUC_PKCS11_MODULE", "RAUC_PKCS11_PIN", "SOFTHSM2_CONF")
COMPATIBLE = "node-amd64"
IMAGE = "root.img"
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
    """Write the bundle ``out`` of ``root_img``, signed with ``keys``."""
    remove_tree(out)
    with scratch_folder() as scratch:
        content = scratch / "content"
        content.mkdir()
        link_or_copy(root_img, content / IMAGE)
        (content / "manifest.raucm").write_text(
            MANIFEST.format(compatible=COMPATIBLE, version=version, image=IMAGE)
        )
        argv = ["rauc", "bundle", f"--key={keys.key}", f"--cert={keys.certificate}"]
        argv += [f"--mksquashfs-args={MKSQUASHFS.format(epoch=epoch)}"]
        argv += [str(content), str(scratch / "bundle")]
        host.run(
            argv,
            step=STEP,
            root=tools,
            binds=(scratch, *_key_places(keys)),
            env=_token_environment(),
        )
        (scratch / "bundle").rename(out)


def _key_places(keys: Keys) -> list[Path]:
    """Return what the signer must see of this host: key files, or what reaches the token."""
    names = (keys.key, keys.certificate)
    places = {Path(name).resolve().parent for name in names if not name.startswith("pkcs11:")}
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


def _token_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in TOKEN_ENVIRONMENT if name in os.environ}


def bundle_info(tools: Path, bundle: Path, trusted: Path) -> bytes:
    """Check the signature of ``bundle`` against ``trusted``; return RAUC's JSON about it."""
    argv = ["rauc", "info", f"--keyring={trusted}", "--output-format=json", str(bundle)]
    return host.run(argv, step="verify", root=tools, binds=(bundle.parent, trusted.parent))
