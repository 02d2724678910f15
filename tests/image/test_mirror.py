"""The mirror comes from the host's APT sources, in both of their forms."""

from pathlib import Path

import pytest

from image.distro.mirror import Mirror, Source, host_mirror
from persist.errors import DependencyError

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEB822 = """\
Types: deb deb-src
# a comment between fields
URIs: https://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
THIRD_PARTY = (
    "deb [arch=amd64 signed-by=/etc/apt/keyrings/x.gpg] https://x.example/apt bookworm stable\n"
)


def write_sources(root: Path, **files: str) -> None:
    folder = root / "etc/apt/sources.list.d"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)


def test_deb822_sources(tmp_path: Path) -> None:
    write_sources(tmp_path, aaa_list=THIRD_PARTY, debian_sources=DEB822)
    assert host_mirror(tmp_path) == Mirror(
        Source(
            "https://mirror.example/debian",
            ("bookworm", "bookworm-updates"),
            ("main", "contrib"),
            KEYRING,
        ),
        Source(
            "https://mirror.example/debian-security", ("bookworm-security",), ("main",), KEYRING
        ),
    )


def test_one_line_sources(tmp_path: Path) -> None:
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").write_text(
        "# deb http://commented.example/debian trixie main\n"
        "deb-src http://source.example/debian trixie main\n"
        "deb [ signed-by=/k.gpg ] http://mirror.example/some/path trixie main non-free # ours\n"
        "deb http://mirror.example/security trixie-security main\n"
    )
    mirror = host_mirror(tmp_path)
    assert mirror.archive.uri == "http://mirror.example/some/path"
    assert mirror.archive.signed_by == "/k.gpg"
    assert mirror.security is not None
    assert mirror.security.uri == "http://mirror.example/security"


@pytest.mark.parametrize("word", ["no", "False", "0"])
def test_a_disabled_stanza_is_no_mirror(tmp_path: Path, word: str) -> None:
    write_sources(
        tmp_path, debian_sources=DEB822.replace("Types: deb\n", f"Enabled: {word}\nTypes: deb\n")
    )
    assert host_mirror(tmp_path).security is None


def test_a_key_written_into_the_stanza_is_not_a_path(tmp_path: Path) -> None:
    armoured = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY\n"
    write_sources(tmp_path, debian_sources=DEB822.replace(f"Signed-By: {KEYRING}\n", armoured))
    mirror = host_mirror(tmp_path)
    assert mirror.archive.signed_by == ""
    line = mirror.lines(["trixie"], ["main"])[0]
    assert line == f"deb [signed-by={KEYRING}] https://mirror.example/debian trixie main"


def test_a_host_without_debian_is_told_what_to_add(tmp_path: Path) -> None:
    write_sources(tmp_path, docker_list=THIRD_PARTY)
    with pytest.raises(DependencyError) as caught:
        host_mirror(tmp_path)
    assert str(caught.value).replace(str(tmp_path), "") == (
        "no Debian mirror in the APT sources below /etc/apt\n"
        "add the line of a Debian mirror to a file of /etc/apt/sources.list.d:"
        " deb SCHEME://HOST/debian trixie main"
    )


def test_the_security_suite_comes_from_the_security_archive() -> None:
    mirror = Mirror(Source("http://a/debian", (), ()), Source("http://s/sec", (), (), "/s.gpg"))
    assert mirror.lines(["trixie", "trixie-security"], ["main", "x"]) == (
        f"deb [signed-by={KEYRING}] http://a/debian trixie main x",
        "deb [signed-by=/s.gpg] http://s/sec trixie-security main x",
    )
    assert len(Mirror(mirror.archive, None).lines(["trixie", "trixie-security"], ["main"])) == 1
