"""The boot loaders of the installed node: the tree of its ESP, and GRUB for BIOS.

Both come ready-made in the image, so that the installer copies bytes and needs no GRUB tools.
"""

import hashlib
import shutil
from pathlib import Path

from image.build import host
from image.build.scratch import scratch_folder
from persist.errors import DependencyError
from persist.translation import _

GRUB_FILES = Path(__file__).parent.parent / "grub"
STEP = "boot-files"

SHIM = "usr/lib/shim/shimx64.efi.signed"
MOK_MANAGER = "usr/lib/shim/mmx64.efi.signed"
SIGNED_GRUB = "usr/lib/grub/x86_64-efi-signed"
BIOS_MODULES = "usr/lib/grub/i386-pc"
ORIGIN = {
    "shim": "shim-signed",
    "x86_64-efi-signed": "grub-efi-amd64-signed",
    "i386-pc": "grub-pc-bin",
}

# Everything grub.cfg uses, and what a boot password needs. No module is loaded from the ESP: a core
# that is whole starts, whatever happens to the files.
INSTALLED_MODULES = (
    "biosdisk part_gpt fat squash4 xzio gzio loadenv regexp probe test linux reboot halt serial"
    " terminal echo sleep search configfile normal ls cat true boot minicmd chain hashsum"
    " gcry_sha256 gcry_sha512 password_pbkdf2"
)
MEDIUM_MODULES = (
    "biosdisk part_gpt part_msdos iso9660 fat ext2 squash4 xzio gzio loopback loadenv regexp test"
    " linux reboot halt serial terminal echo sleep search search_label search_fs_file configfile"
    " normal ls cat true boot minicmd smbios"
)


def build_boot_files(tools: Path, rootfs: Path) -> None:
    """Write ``/usr/lib/node/esp`` and ``/usr/lib/node/bios`` of ``rootfs``.

    ``tools`` is the tree with shim, the signed GRUB and GRUB's BIOS modules. Raises DependencyError
    when one of them is not there, StepError when grub-mkimage fails.
    """
    write_esp_tree(tools, rootfs / "usr/lib/node/esp")
    write_bios_images(tools, rootfs / "usr/lib/node/bios")


def write_esp_tree(tools: Path, esp: Path) -> None:
    """Write the tree of the ESP, without what belongs to one machine (state, arguments, rescue).

    The firmware's default path EFI/BOOT and EFI/debian, the signed GRUB's prefix, hold the same
    programs: an update replaces one after the other, so that one is always whole.
    """
    for folder, loader in (("EFI/BOOT", "BOOTX64.EFI"), ("EFI/debian", "shimx64.efi")):
        place(tools, SHIM, esp / folder / loader)
        place(tools, f"{SIGNED_GRUB}/grubx64.efi.signed", esp / folder / "grubx64.efi")
        place(tools, MOK_MANAGER, esp / folder / "mmx64.efi")
    place_text("efi-stub.cfg", esp / "EFI/debian/grub.cfg")
    place_text("grub.cfg", esp / "grub/grub.cfg")
    write_file(esp / "version", f"sha256:{tree_digest(esp)}\n".encode())


def write_bios_images(tools: Path, bios: Path) -> None:
    """Write boot.img (MBR code) and core.img (GRUB with all its modules) for BIOS machines."""
    place(tools, f"{BIOS_MODULES}/boot.img", bios / "boot.img")
    # An empty disk name in the prefix means the disk the firmware started.
    core = make_bios_core(tools, "i386-pc", "(,gpt1)/grub", INSTALLED_MODULES, step=STEP)
    write_file(bios / "core.img", core)


def make_bios_core(
    tools: Path,
    target: str,
    prefix: str,
    modules: str,
    *,
    step: str,
    early_config: str | None = None,
) -> bytes:
    """Return the image that grub-mkimage makes for ``target`` (i386-pc or i386-pc-eltorito)."""
    with scratch_folder() as scratch:
        options = ["--format", target, "--prefix", prefix, "--output", str(scratch / "core.img")]
        if early_config is not None:
            write_file(scratch / "early.cfg", early_config.encode())
            options += ["--config", str(scratch / "early.cfg")]
        host.run(
            ["grub-mkimage", *options, *modules.split()],
            step=step,
            root=tools,
            binds=[scratch],
        )
        return (scratch / "core.img").read_bytes()


def tree_digest(tree: Path) -> str:
    """Return a hash of names and contents of ``tree``: two ESP trees differ when this differs."""
    total = hashlib.sha256()
    for path in sorted(path for path in tree.rglob("*") if path.is_file()):
        if path != tree / "version":
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{content}  {path.relative_to(tree)}\n".encode())
    return total.hexdigest()


def place(tools: Path, name: str, target: Path) -> None:
    """Copy the file ``name`` of the tools tree; raise DependencyError when it is not there."""
    source = tools / name
    if not source.is_file():
        package = next((origin for part, origin in ORIGIN.items() if part in name), "")
        raise DependencyError(
            name,
            _("the tree of build tools {tools} has no {name}").format(tools=tools, name=name),
            _("it comes with the Debian package {package}").format(package=package),
        )
    write_file(target, source.read_bytes())


def place_text(name: str, target: Path, **words: str) -> None:
    """Copy a script of ``image/grub``, its ``@WORD@`` marks replaced."""
    write_file(target, fill(name, **words).encode())


def fill(name: str, **words: str) -> str:
    """Return a script of ``image/grub``, its ``@WORD@`` marks replaced."""
    text = (GRUB_FILES / name).read_text()
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def write_file(target: Path, content: bytes) -> None:
    """Write ``content`` to ``target`` with mode 0644, making folders as needed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o644)


def link_or_copy(source: Path, target: Path) -> None:
    """Make ``target`` the same file as ``source`` where the filesystem can, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
