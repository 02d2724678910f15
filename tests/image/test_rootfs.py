"""The built tree: everything that was kept works, nothing of the build machine is inside."""

import json
import os
import re
from pathlib import Path

import pytest

from image.build import host, output
from image.build.accounts import check_accounts
from image.build.elf import unresolved
from image.build.modules import bare, kernel_version, read_dependencies
from image.build.node_files import LAUNCHERS
from image.build.seal import PYTHON, leaks
from image.manifest import decode_manifest
from kickstart.recipe import load_recipe, variant_recipe
from persist.errors import DependencyError

pytestmark = pytest.mark.container
STEP = "test-rootfs"
IMPORT_ALL = (Path(__file__).parent / "import_all.py").read_text()
FAMILIES = (
    "nvme", "ahci", "megaraid_sas", "mpt3sas", "smartpqi", "hpsa", "qla2xxx", "lpfc", "ixgbe",
    "i40e", "ice", "bnxt_en", "bnx2x", "mlx5_core", "tg3", "vfio-pci", "virtio_net", "virtio_blk",
    "virtio_scsi",
)  # fmt: skip


@pytest.fixture(scope="module")
def rootfs() -> Path:
    if os.geteuid():
        pytest.skip("needs root: programs of the image run by chroot")
    asked = os.environ.get("NODE_ROOTFS")
    try:
        return Path(asked or output.newest("hypervisor")["rootfs"])
    except DependencyError:
        pytest.skip("needs a built image: ./dev image")


@pytest.fixture(scope="module")
def variant(rootfs: Path) -> str:
    return decode_manifest((rootfs / "usr/lib/node/manifest.json").read_bytes()).variant


def test_every_elf_file_finds_its_libraries(rootfs: Path) -> None:
    assert unresolved(rootfs) == []


def module_names(folder: Path) -> set[str]:
    names = set()
    for path in folder.rglob("*"):
        parts = list(path.relative_to(folder).parts)
        if (
            path.suffix not in (".py", ".pyc", ".so")
            or "__pycache__" in parts
            or "lib-dynload" in parts
        ):
            continue
        parts[-1] = parts[-1].split(".")[0]
        if parts[-1] == "__init__":
            parts.pop()
        if parts and parts[-1] != "__main__" and all(part.isidentifier() for part in parts):
            # GObject's overrides are loaded by the module they override, never by themselves.
            names.add(".".join(parts).replace("gi.overrides.", "gi.repository."))
    return names


def test_every_python_module_imports(rootfs: Path) -> None:
    names = {name for folder in PYTHON for name in module_names(rootfs / folder)}
    names |= module_names(rootfs / PYTHON[0] / "lib-dynload")
    assert len(names) > 1000
    said = host.run(
        ["python3", "-I", "-B", "-c", IMPORT_ALL],
        step=STEP,
        root=rootfs,
        stdin="\n".join(sorted(names)).encode(),
    )
    assert said.decode().splitlines() == []


def test_python_trusts_its_caches_whatever_the_time(rootfs: Path) -> None:
    for folder in PYTHON:
        for path in (rootfs / folder).rglob("*.pyc"):
            # Source: PEP 552. Flags 1: by hash, not checked against the source.
            assert path.read_bytes()[4:8] == b"\x01\0\0\0", path


def test_the_promised_driver_families_are_inside(rootfs: Path, variant: str) -> None:
    folder = rootfs / "usr/lib/modules" / kernel_version(rootfs)
    kept = {
        bare(path).rsplit("/", 1)[-1]
        for path in read_dependencies((folder / "modules.dep").read_text())
    }
    assert set(FAMILIES) - kept == set()
    assert ({"kvm-intel", "kvm-amd"} <= kept) == (variant == "hypervisor")
    assert not list(folder.rglob("*.ko.xz"))


def test_signatures_of_modules_are_kept(rootfs: Path) -> None:
    folder = rootfs / "usr/lib/modules" / kernel_version(rootfs) / "kernel"
    for path in folder.rglob("*.ko"):
        assert path.read_bytes().endswith(b"~Module signature appended~\n"), path


def test_sealed(rootfs: Path) -> None:
    assert leaks(rootfs) == []
    assert (rootfs / "etc/machine-id").read_bytes() == b""
    assert not list(rootfs.glob("etc/ssh/ssh_host_*"))
    assert not list((rootfs / "dev").iterdir())
    shadow = [line.split(":") for line in (rootfs / "etc/shadow").read_text().splitlines()]
    assert {fields[0] for fields in shadow if fields[1] not in ("*", "!", "!*")} == set()


def test_accounts_are_those_of_the_table(rootfs: Path, variant: str) -> None:
    check_accounts(rootfs, load_recipe(variant_recipe(variant)))


def test_no_program_of_the_build_is_left(rootfs: Path) -> None:
    for name in ("dpkg", "apt-get", "dracut", "perl", "gcc"):
        assert not (rootfs / "usr/bin" / name).exists(), name


def test_launchers_start_python_isolated(rootfs: Path) -> None:
    for name, module in LAUNCHERS.items():
        text = (rootfs / name).read_text()
        assert text.startswith("#!/usr/bin/python3 -I\n")
        assert module in text
        assert os.access(rootfs / name, os.X_OK)


def test_the_gpl_parser_is_not_shipped(rootfs: Path) -> None:
    shipped = {path.name for path in (rootfs / "usr/lib/node/python/kickstart").iterdir()}
    assert not shipped & {"recipe.py", "layers.py", "commands.py", "recipes"}
    assert not list((rootfs / "usr/lib").rglob("pykickstart*"))


def test_os_release(rootfs: Path, variant: str) -> None:
    fields = dict(
        line.split("=", 1) for line in (rootfs / "usr/lib/os-release").read_text().splitlines()
    )
    manifest = decode_manifest((rootfs / "usr/lib/node/manifest.json").read_bytes())
    assert (fields["ID"], fields["ID_LIKE"], fields["SYSEXT_LEVEL"]) == ("node", "debian", "1")
    assert fields["IMAGE_ID"] == f"node-{variant}"
    assert fields["IMAGE_VERSION"] == f'"{manifest.version}"'
    assert (rootfs / "etc/os-release").resolve() == (rootfs / "usr/lib/os-release").resolve()


def test_the_manifest_says_which_key_and_licences(rootfs: Path) -> None:
    manifest = decode_manifest((rootfs / "usr/lib/node/manifest.json").read_bytes())
    assert manifest.key in ("development", "release")
    assert re.fullmatch("[0-9a-f]{64}", manifest.key_fingerprint)
    packages = {package.name: package for package in manifest.packages}
    assert "dpkg" not in packages
    assert "GPL-2" in " ".join(packages["systemd"].licences)
    assert packages["python:textual"].licences
    assert (
        packages[next(name for name in packages if name.startswith("linux-image"))].installed > 5e7
    )


def test_boot_files_agree_with_their_checksums(rootfs: Path) -> None:
    host.run(["sh", "-c", "cd /boot && sha256sum -c SHA256SUMS"], step=STEP, root=rootfs)
    initrd = (rootfs / "boot/initrd.img").read_bytes()
    # Early microcode: an uncompressed archive at the very start.
    assert initrd[:6] == b"070701"
    for vendor in (b"GenuineIntel", b"AuthenticAMD"):
        assert b"kernel/x86/microcode/" + vendor + b".bin" in initrd


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_guests_get_what_was_promised(rootfs: Path, variant: str, machine: str) -> None:
    if variant != "hypervisor":
        pytest.skip("needs the hypervisor variant")
    # vfio is listed only where the machine has an IOMMU; its module is checked above.
    uri = "qemu:///embed?root=/tmp/libvirt"
    said = host.run(
        ["virsh", "--connect", uri, "domcapabilities", "--machine", machine, "--virttype", "qemu"],
        step=STEP,
        root=rootfs,
    ).decode()
    for wanted in ("efi", "virtio", "OVMF_CODE_4M.fd", "tpm-crb", "emulator"):
        assert wanted in said, wanted


def test_every_service_finds_its_program(rootfs: Path) -> None:
    broken = []
    for unit in sorted((rootfs / "usr/lib/systemd/system").glob("*.service")):
        if unit.is_symlink() and not unit.resolve().is_relative_to(rootfs):
            continue
        for line in unit.read_text().splitlines():
            found = re.match(r"ExecStart=[-@:+!|]*(/\S+)", line)
            place = rootfs / found[1].lstrip("/") if found else None
            if place is not None and "%" not in str(place) and not os.path.lexists(place):
                broken.append(f"{unit.name}: {found[1] if found else ''}")
    assert broken == []


def test_only_the_preset_enables_units(rootfs: Path) -> None:
    links = list((rootfs / "etc/systemd/system").glob("*.wants/*"))
    missing = [
        path.name for path in links if not (rootfs / str(path.readlink()).lstrip("/")).exists()
    ]
    assert links
    assert missing == []
    assert "getty@tty1.service" not in {path.name for path in links}


def test_no_link_leads_nowhere(rootfs: Path) -> None:
    # What is there on a running system only: kernel, /run, the node's own configuration and logs.
    later = ("/dev/", "/run/", "../proc/", "../../log/", "../locale.conf", "default/keyboard")
    links = [path for path in rootfs.rglob("*") if path.is_symlink()]
    dangling = [
        f"{path.relative_to(rootfs)} -> {path.readlink()}"
        for path in links
        if not str(path.readlink()).startswith(later) and not leads_somewhere(rootfs, path)
    ]
    assert dangling == []


def leads_somewhere(rootfs: Path, path: Path) -> bool:
    target = path.readlink()
    place = rootfs / str(target).lstrip("/") if target.is_absolute() else path.parent / target
    return os.path.lexists(os.path.normpath(place))


def test_the_papers_beside_the_image_agree(rootfs: Path) -> None:
    manifest = decode_manifest((rootfs / "usr/lib/node/manifest.json").read_bytes())
    spdx = Path("dist") / f"node-{manifest.version}.spdx.json"
    if not spdx.exists():
        pytest.skip(f"needs {spdx} of the same build")
    document = json.loads(spdx.read_text())
    assert len(document["packages"]) == len(manifest.packages)
