"""Rendered files: golden configs, and the real programs' opinion of what they would read.

``rendered/NAME.toml`` is a config, ``rendered/NAME.files`` every file it means.
``NODE_REWRITE_GOLDEN=1`` writes the second anew; read the difference before you keep it.
"""

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from node_tui.profiles import render_profiles
from node_tui.render import RenderedFile, render
from persist.model import Link, Network, NodeConfig
from persist.toml import load_config

GOLDEN = Path(__file__).parent / "rendered"
CONFIGS = sorted(GOLDEN.glob("*.toml"))
# nft asks the kernel: in a network of its own it may, also where root lacks CAP_NET_ADMIN.
ALONE = ("unshare", "--user", "--map-root-user", "--net")


def show(files: tuple[RenderedFile, ...]) -> str:
    """Return rendered files as one text."""
    return "".join(map(_show, files))


def _show(item: RenderedFile) -> str:
    what = {"file": f"{item.mode:04o}", "link": f"-> {item.target}", "absent": "absent"}[item.kind]
    return f"=== {item.path} ({item.section}) {what}\n{item.content}"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_means_these_files(path: Path) -> None:
    assert show(render(load_config(path.read_text()))) == path.with_suffix(".files").read_text()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_each_path_is_rendered_once_and_by_a_known_section(path: Path) -> None:
    files = render(load_config(path.read_text()))
    assert len({item.path for item in files}) == len(files)
    assert {item.section for item in files} <= set(NodeConfig.__struct_fields__)


def test_profiles_are_for_root_alone() -> None:
    profiles = [item for item in render(NodeConfig()) if item.path.endswith(".nmconnection")]
    assert [item.mode for item in profiles] == [0o600]


def test_every_profile_is_a_keyfile_with_its_own_uuid() -> None:
    network = load_config((GOLDEN / "bond-vlan-bridge.toml").read_text()).network
    uuids = set()
    for content in render_profiles(network).values():
        profile = configparser.ConfigParser(interpolation=None)
        profile.read_string(content)
        uuids.add(profile["connection"]["uuid"])
    assert len(uuids) == len(render_profiles(network)) == 6


def test_a_port_never_has_addresses() -> None:
    bond = Link(name="bond0", kind="bond", ports=("eno1", "52:54:00:00:01:00"))
    profiles = render_profiles(Network(links=(bond,)))
    ports = [content for name, content in profiles.items() if "-port-" in name]
    assert len(ports) == 2
    assert not any("[ipv4]" in content or "[ipv6]" in content for content in ports)


def test_a_vlan_may_lie_on_a_card() -> None:
    vlan = Link(name="mgmt", kind="vlan", parent="52:54:00:ab:01:00", vlan=20)
    (profile,) = render_profiles(Network(links=(vlan,))).values()
    assert "[ethernet]\nmac-address=52:54:00:AB:01:00\n" in profile
    assert "parent=" not in profile


@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is missing (package nftables)")
@pytest.mark.skipif(os.geteuid() != 0, reason="nft checks rules as root only")
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_nft_takes_the_rules(path: Path, tmp_path: Path) -> None:
    files = {item.path: item for item in render(load_config(path.read_text()))}
    rules = tmp_path / "nftables.conf"
    rules.write_text(files["/etc/nftables.conf"].content)
    checked = subprocess.run(
        [*ALONE, "nft", "--check", "--file", str(rules)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


if __name__ == "__main__" and os.environ.get("NODE_REWRITE_GOLDEN"):
    for config in CONFIGS:
        config.with_suffix(".files").write_text(show(render(load_config(config.read_text()))))
