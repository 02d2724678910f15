"""The mirror: taken from the build host's own Debian entry, never from a name in our files.

Reads both forms of APT's sources, one line an entry (``*.list``) and deb822 (``*.sources``).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from persist.errors import DependencyError
from persist.translation import _

# Suites by which an entry is known to be Debian's own; third parties name theirs otherwise.
RELEASES = (
    "bullseye", "bookworm", "trixie", "forky", "duke", "sid",
    "oldstable", "stable", "testing", "unstable",
)  # fmt: skip
# How APT lets one switch an entry off.
NO = ("no", "false", "off", "without", "disable", "0")
DEFAULT_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Source:
    """One entry of APT's sources: where, which suites, signed by which keyring (a path or none)."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True)
class Mirror:
    """Debian's archive and its security archive (or none) as this host reaches them."""

    archive: Source
    security: Source | None

    def lines(self, suites: Iterable[str], components: Iterable[str]) -> tuple[str, ...]:
        """Return one-line entries for ``suites``; security is left out when there is none."""
        found = []
        for suite in suites:
            source = self.security if suite.endswith("-security") else self.archive
            if source is not None:
                keyring = source.signed_by or str(DEFAULT_KEYRING)
                words = " ".join(components)
                found.append(f"deb [signed-by={keyring}] {source.uri} {suite} {words}")
        return tuple(found)


def host_mirror(root: Path = Path("/")) -> Mirror:
    """Return the Debian mirror the host at ``root`` is set up with."""
    sources = tuple(read_sources(root / "etc/apt"))
    archive = next((entry for entry in sources if _is_debian(entry)), None)
    if archive is None:
        raise DependencyError(
            "apt",
            _("no Debian mirror in the APT sources below {path}").format(path=root / "etc/apt"),
            _(
                "add the line of a Debian mirror to a file of /etc/apt/sources.list.d:"
                " deb SCHEME://HOST/debian trixie main"
            ),
        )
    security = next((entry for entry in sources if _is_security(entry)), None)
    return Mirror(archive, security)


def read_sources(folder: Path) -> Iterator[Source]:
    """Yield every enabled binary entry below ``folder`` (/etc/apt), in the order APT reads them."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    for path in files:
        if path.is_file() and path.suffix == ".list":
            yield from parse_one_line(path.read_text())
        elif path.is_file() and path.suffix == ".sources":
            yield from parse_deb822(path.read_text())


def parse_one_line(text: str) -> Iterator[Source]:
    """Yield the entries of ``deb [options] uri suite component...`` lines."""
    entry = re.compile(r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<rest>.+)$")
    for line in text.splitlines():
        found = entry.match(line.split("#")[0].strip())
        if found is None:
            continue
        options = dict(
            word.split("=", 1) for word in (found["options"] or "").split() if "=" in word
        )
        suite, *components = found["rest"].split()
        yield Source(found["uri"], (suite,), tuple(components), options.get("signed-by", ""))


def parse_deb822(text: str) -> Iterator[Source]:
    """Yield the entries of deb822 stanzas; a key written out inside a stanza is not a path."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        if (
            "deb" not in fields.get("types", "").split()
            or fields.get("enabled", "yes").lower() in NO
        ):
            continue
        signed_by = fields.get("signed-by", "")
        keyring = signed_by if signed_by.startswith("/") else ""
        for uri in fields.get("uris", "").split():
            suites = tuple(fields.get("suites", "").split())
            yield Source(uri, suites, tuple(fields.get("components", "").split()), keyring)


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in (" ", "\t") and name:
            fields[name] += "\n" + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def _is_debian(source: Source) -> bool:
    return "main" in source.components and any(suite in RELEASES for suite in source.suites)


def _is_security(source: Source) -> bool:
    suites = {f"{release}-security" for release in RELEASES}
    suites |= {f"{release}/updates" for release in RELEASES}
    return "main" in source.components and any(suite in suites for suite in source.suites)
