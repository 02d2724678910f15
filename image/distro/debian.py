"""Debian: a tree of packages, made by mmdebstrap from the host's mirror."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from image.build import host
from image.build.cache import cache_root
from image.distro.mirror import Mirror
from persist.errors import DependencyError, StepError
from persist.translation import _

# What a tree is made by; its cache follows it.
SOURCES = (Path(__file__),)
# Shared by all trees and builds, so that a rebuild downloads only what changed. mmdebstrap empties
# the folder of archives before the customize hook's sync-out when told nothing else.
ARCHIVES_IN = (
    'mkdir -p "$1/var/cache/apt/archives" && mount --bind {cache} "$1/var/cache/apt/archives"'
)
ARCHIVES_OUT = 'umount "$1/var/cache/apt/archives"'


@dataclass(frozen=True)
class Wanted:
    """What a tree is made of: ``suites`` and ``components`` of Debian, ``packages`` with all they
    depend on and nothing they only recommend, none of ``excludes``.

    ``versions`` pins packages (a lock). ``accounts`` are lines to add to passwd, group, shadow and
    gshadow before the packages that would make those accounts by themselves.
    """

    suites: tuple[str, ...]
    components: tuple[str, ...]
    packages: tuple[str, ...]
    excludes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)


def make_tree(tree: Path, wanted: Wanted, mirror: Mirror, *, step: str) -> None:
    """Install what is ``wanted`` in ``tree``, a folder that mmdebstrap makes."""
    archives = cache_root() / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    argv = [
        "mmdebstrap",
        "--variant=essential",
        "--mode=root",
        "--skip=check/empty,essential/unlink,cleanup/apt/cache",
        "--format=directory",
        f"--components={','.join(wanted.components)}",
        f"--include={','.join(sorted(wanted.packages))}",
        '--aptopt=APT::Install-Recommends "false"',
        f'--aptopt=Dir::Etc::Preferences "{_pin_file(wanted, step)}"',
        *_proxies(step),
        f"--setup-hook={ARCHIVES_IN.format(cache=archives)}",
        *_account_hooks(wanted, step),
        f"--customize-hook={ARCHIVES_OUT}",
        wanted.suites[0],
        str(tree),
        *mirror.lines(wanted.suites, wanted.components),
    ]
    try:
        host.run(argv, step=step, private=True)
    except StepError as error:
        raise _explained(error, step) from error
    _leave_no_build_words(tree)


def _account_hooks(wanted: Wanted, step: str) -> list[str]:
    """Return hooks that add the accounts once base-passwd has made its files."""
    hooks = []
    for name, lines in sorted(wanted.accounts.items()):
        path = host.log_path(step).with_suffix(f".{name}")
        path.write_text(lines)
        hooks.append(f'--essential-hook=cat {path} >>"$1/etc/{name}"')
    return hooks


def _pin_file(wanted: Wanted, step: str) -> Path:
    """Write the APT preferences: -1 keeps a package out, 1001 holds the version of a lock."""
    stanza = "Package: {}\nPin: {}\nPin-Priority: {}\n".format
    stanzas = [stanza(name, "release *", -1) for name in sorted(wanted.excludes)]
    for name, version in sorted(wanted.versions.items()):
        stanzas.append(stanza(name, f"version {version}", 1001))
    path = host.log_path(step).with_suffix(".preferences")
    path.write_text("\n".join(stanzas))
    return path


def _proxies(step: str) -> list[str]:
    """Return the host's APT proxy settings as options; mmdebstrap does not read them itself."""
    text = host.run(["apt-config", "dump"], step=step).decode()
    wanted = re.compile(r'^(Acquire::\S*[Pp]roxy\S*) "(.+)";$', re.MULTILINE)
    return [f'--aptopt={name} "{value}"' for name, value in wanted.findall(text)]


def _explained(error: StepError, step: str) -> Exception:
    said = host.log_path(step).read_text(errors="replace")
    if "NO_PUBKEY" in said or "is not signed" in said:
        return DependencyError(
            "debian-archive-keyring",
            _("step {step}: the host's keyring lacks the key of the suite to be installed").format(
                step=step
            ),
            _("apt-get update && apt-get install debian-archive-keyring"),
        )
    return error


def _leave_no_build_words(tree: Path) -> None:
    """Empty what mmdebstrap leaves of this host: its mirror and its proxy must not be shipped."""
    (tree / "etc/apt/sources.list").unlink(missing_ok=True)
    for path in (tree / "etc/apt/apt.conf.d").glob("99mmdebstrap"):
        path.unlink()
    (tree / "etc/dpkg/dpkg.cfg.d/99mmdebstrap").unlink(missing_ok=True)


def installed(tree: Path) -> dict[str, dict[str, str]]:
    """Return dpkg's status of ``tree``: name -> its fields in lower case (version, source...)."""
    packages = {}
    for stanza in (tree / "var/lib/dpkg/status").read_text().split("\n\n"):
        fields = {}
        for line in stanza.splitlines():
            if line[:1] != " " and ":" in line:
                name, value = line.split(":", 1)
                fields[name.lower()] = value.strip()
        if fields.get("status") == "install ok installed":
            packages[fields["package"]] = fields
    return packages
