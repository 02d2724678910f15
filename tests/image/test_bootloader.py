"""The boot files of the image: complete, named by content, honest about what is missing."""

import re
from pathlib import Path

import pytest

from image.build import bootloader
from image.build.bootloader import GRUB_FILES, fill, tree_digest, write_esp_tree
from persist.errors import DependencyError

SOURCES = (
    bootloader.SHIM,
    bootloader.MOK_MANAGER,
    f"{bootloader.SIGNED_GRUB}/grubx64.efi.signed",
)
COMMANDS = re.compile(
    r"(?:^|[;{]|(?<![$\w])(?:if|elif|then|else|do)\b)\s*(?=(?P<command>[a-z_]+)\b(?!=))",
    re.MULTILINE,
)
# Words of GRUB's shell and of its core, and which module brings each other command.
WORDS = "if then else elif fi for in do done function return set unset export shift"
BROUGHT_BY = {
    "boot": "boot",
    "chainloader": "chain",
    "echo": "echo",
    "fwsetup": "efifwsetup",
    "halt": "halt",
    "hashsum": "hashsum",
    "initrd": "linux",
    "linux": "linux",
    "load_env": "loadenv",
    "loopback": "loopback",
    "menuentry": "normal",
    "probe": "probe",
    "reboot": "reboot",
    "regexp": "regexp",
    "save_env": "loadenv",
    "search": "search",
    "serial": "serial",
    "sleep": "sleep",
    "smbios": "smbios",
    "source": "configfile",
    "terminal_input": "terminal",
    "terminal_output": "terminal",
    "true": "true",
}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    for name in SOURCES:
        path = tmp_path / "tools" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "tools"


def test_both_paths_of_the_esp_hold_the_same_programs(tools: Path, tmp_path: Path) -> None:
    esp = tmp_path / "esp"
    write_esp_tree(tools, esp)
    files = sorted(str(path.relative_to(esp)) for path in esp.rglob("*") if path.is_file())
    assert files == [
        "EFI/BOOT/BOOTX64.EFI",
        "EFI/BOOT/grubx64.efi",
        "EFI/BOOT/mmx64.efi",
        "EFI/debian/grub.cfg",
        "EFI/debian/grubx64.efi",
        "EFI/debian/mmx64.efi",
        "EFI/debian/shimx64.efi",
        "grub/grub.cfg",
        "version",
    ]
    for first, second in (("BOOTX64.EFI", "shimx64.efi"), ("grubx64.efi", "grubx64.efi")):
        assert (esp / "EFI/BOOT" / first).read_text() == (esp / "EFI/debian" / second).read_text()


def test_the_version_of_an_esp_follows_its_content(tools: Path, tmp_path: Path) -> None:
    write_esp_tree(tools, tmp_path / "a")
    write_esp_tree(tools, tmp_path / "b")
    first, second = ((tmp_path / name / "version").read_text() for name in "ab")
    assert first == second
    assert first == f"sha256:{tree_digest(tmp_path / 'a')}\n"
    (tmp_path / "b/grub/grub.cfg").write_text("other")
    assert tree_digest(tmp_path / "b") != tree_digest(tmp_path / "a")


def test_a_tool_that_is_missing_is_named_with_its_package(tools: Path, tmp_path: Path) -> None:
    (tools / bootloader.SHIM).unlink()
    with pytest.raises(DependencyError, match=r"shimx64\.efi\.signed") as caught:
        write_esp_tree(tools, tmp_path / "esp")
    assert "shim-signed" in caught.value.hint


@pytest.mark.parametrize(
    ("script", "modules"),
    [("grub.cfg", bootloader.INSTALLED_MODULES), ("live.cfg", bootloader.MEDIUM_MODULES)],
)
def test_grub_for_bios_holds_every_command_of_its_script(script: str, modules: str) -> None:
    text = re.sub(r"^\s*#.*", "", (GRUB_FILES / script).read_text(), flags=re.MULTILINE)
    text = re.sub(r"""'[^']*'|"[^"]*\"""", '""', text)
    functions = set(re.findall(r"function (\w+)", text))
    efi_only = {"fwsetup"}
    used = {match["command"] for match in COMMANDS.finditer(text)} - functions - efi_only
    used -= set(WORDS.split())
    unknown = used - BROUGHT_BY.keys()
    assert not unknown, f"say in BROUGHT_BY which module brings {unknown}"
    assert {BROUGHT_BY[command] for command in used} <= set(modules.split())


def test_no_mark_stays_in_a_script() -> None:
    assert "@" not in fill("medium-stub.cfg", ID="0123456789abcdef")
    assert "@ARGS@" not in fill("boot.ipxe", ARGS="quiet")
