"""Precedence and provenance: who wins, and who is to blame."""

import pytest

from kickstart.arguments import parse_command_line
from kickstart.merge import merge_config
from persist.errors import ConfigError
from persist.model import NodeConfig
from persist.toml import load_config

SAVED = load_config(
    """
    [identity]
    hostname = "saved"
    [time]
    zone = "Asia/Shanghai"
    [[network.links]]
    name = "eno1"
    [[network.links]]
    name = "eno2"
    """
)


def test_each_source_beats_the_one_below() -> None:
    line = "hostname=legacy node.identity.hostname=own"
    assert merge_config(None, parse_command_line("")).config == NodeConfig()
    assert merge_config(SAVED, parse_command_line("")).config == SAVED
    legacy = merge_config(SAVED, parse_command_line("hostname=legacy"))
    assert legacy.config.identity.hostname == "legacy"
    for words in (line, " ".join(reversed(line.split()))):
        merged = merge_config(SAVED, parse_command_line(words))
        assert merged.config.identity.hostname == "own"
        assert merged.config.time.zone == "Asia/Shanghai"


def test_every_value_knows_where_it_came_from() -> None:
    merged = merge_config(SAVED, parse_command_line("ntp=192.0.2.1 node.network.links.0.mtu=9000"))
    assert merged.origin("identity.hostname") == "saved"
    assert merged.origin("time.ntp") == "argument ntp"
    assert merged.origin("time.ntp.0") == "argument ntp"
    assert merged.origin("network.links.0.mtu") == "argument node.network.links.0.mtu"
    assert merged.origin("network.links.0.name") == "saved"
    assert merged.origin("ssh.enabled") == "default"


def test_links_of_arguments_replace_all_saved_links() -> None:
    merged = merge_config(SAVED, parse_command_line("BOOTIF=eno3"))
    assert [link.name for link in merged.config.network.links] == ["eno3"]
    assert merged.origin("network.links.1.name") == "argument BOOTIF"


def test_an_index_changes_the_saved_item_and_may_append() -> None:
    line = "node.network.links.0.mtu=9000 node.network.links.2.name=eno3"
    links = merge_config(SAVED, parse_command_line(line)).config.network.links
    assert [(link.name, link.mtu) for link in links] == [
        ("eno1", 9000),
        ("eno2", None),
        ("eno3", None),
    ]


def test_merging_leaves_the_arguments_alone() -> None:
    arguments = parse_command_line("BOOTIF=eno1 node.network.links.0.mtu=9000")
    before = repr(arguments)
    assert merge_config(None, arguments) == merge_config(None, arguments)
    assert repr(arguments) == before


def test_the_error_names_path_and_argument() -> None:
    with pytest.raises(ConfigError) as refusal:
        merge_config(SAVED, parse_command_line("node.network.links.1.vlan=5"))
    assert str(refusal.value) == (
        "network.links.1.vlan: 5 has no meaning for kind = 'ethernet'"
        " (from argument node.network.links.1.vlan)\nLeave vlan out, or change the kind."
    )


def test_the_installer_is_told_what_else_was_asked() -> None:
    request = merge_config(None, parse_command_line("storage_init console=ttyS0 quiet")).install
    assert request.unattended
    assert request.kernel_arguments == ("console=ttyS0", "quiet")
    assert not merge_config(None, parse_command_line("storage_init stateless")).install.unattended
