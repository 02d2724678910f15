"""The signed bundle: RAUC's verity format around ``root.img``."""

from pathlib import Path

from image.build import host
from image.build.bootloader import link_or_copy
from image.build.cache import remove_tree
from image.build.keys import Keys
from image.build.scratch import scratch_folder

STEP = "bundle"
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
            binds=(scratch, *_key_folders(keys)),
        )
        (scratch / "bundle").rename(out)


def _key_folders(keys: Keys) -> list[Path]:
    names = (keys.key, keys.certificate)
    return sorted({Path(name).resolve().parent for name in names if not name.startswith("pkcs11:")})


def bundle_info(tools: Path, bundle: Path, trusted: Path) -> bytes:
    """Check the signature of ``bundle`` against ``trusted``; return RAUC's JSON about it."""
    argv = ["rauc", "info", f"--keyring={trusted}", "--output-format=json", str(bundle)]
    return host.run(argv, step="verify", root=tools, binds=(bundle.parent, trusted.parent))
