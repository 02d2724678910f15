"""The Chinese catalogue beside the strings of the code.

``python -m tests.node_tui.ui.catalogue`` brings ``node.po`` up to date: new strings appear
untranslated, those that are gone leave; then it writes ``node.mo`` for a run from the source tree
(an image compiles its own).
"""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[3]
PACKAGES = ("persist", "kickstart", "plugins", "node_tui", "image")
CATALOGUE = ROOT / "persist/locale/zh_CN/LC_MESSAGES/node.po"
# Headers that change at every run or name nobody, and guesses at format strings ours are not.
_NOT_KEPT = (
    '"Project-Id-Version',
    '"Report-Msgid-Bugs-To',
    '"POT-Creation-Date',
    '"PO-Revision-Date',
    '"Last-Translator',
    '"Language-Team',
    '"Generated-By',
    "#, python-",
)
_FIELD = re.compile(r"\{[^}]*\}")


def strings_of_the_code() -> set[str]:
    """Return every string that the packages hand to ``_``."""
    found: set[str] = set()
    for package in PACKAGES:
        extracted = extract_from_dir(ROOT / package, keywords={"_": None})
        found |= {message for _, _, message, _, _ in extracted if isinstance(message, str)}
    return found


def read_catalogue() -> Catalog:
    """Return the catalogue as it is stored."""
    if not CATALOGUE.exists():
        return Catalog(locale="zh_CN")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_CN")


def translations(catalogue: Catalog) -> dict[str, str]:
    """Return what is translated for certain."""
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }


def fields(text: str) -> list[str]:
    """Return the replacement fields of a format string."""
    return sorted(_FIELD.findall(text))


def store(translated: dict[str, str]) -> None:
    """Write the catalogue of all strings of the code, sorted, without places that move."""
    catalogue = Catalog(
        locale="zh_CN",
        header_comment="# Simplified Chinese strings of the node.",
        fuzzy=False,
    )
    for text in sorted(strings_of_the_code()):
        catalogue.add(text, translated.get(text, ""))
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=100, omit_header=False, sort_output=True)
    rows = CATALOGUE.read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if not row.startswith(_NOT_KEPT)]
    CATALOGUE.write_text("\n".join(kept) + "\n", encoding="utf-8")


def compile_catalogue() -> Path:
    """Write node.mo beside node.po, for a run from the source tree; git ignores it."""
    target = CATALOGUE.with_suffix(".mo")
    with target.open("wb") as file:
        write_mo(file, read_catalogue())
    return target


def main() -> int:
    """Update and compile; say what is left to translate."""
    store(translations(read_catalogue()))
    compile_catalogue()
    missing = sorted(strings_of_the_code() - translations(read_catalogue()).keys())
    sys.stdout.writelines(f"untranslated: {text!r}\n" for text in missing)
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
