"""Any config survives node.toml; any wrong one is refused with path, value and remedy."""

import ipaddress
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persist.errors import ConfigError
from persist.model import (
    Identity,
    Install,
    Ipv4,
    Ipv6,
    Keyboard,
    Link,
    Network,
    NodeConfig,
    Persist,
    Secret,
    Security,
    Ssh,
    Time,
    decode_config,
    encode_config,
)
from persist.sizes import Size
from persist.toml import dump_config, load_config

GOLDEN = Path(__file__).parent / "golden"
HASH = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$" + "X" * 43
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43

_label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
_hostname = st.lists(_label, min_size=1, max_size=3).map(lambda p: ".".join([*p, "example"]))
_server = st.one_of(_hostname, st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))
_size = st.integers(2**20, 2**45).map(Size)
_big = st.one_of(st.none(), st.integers(2**30, 2**45).map(Size))
_mac = st.binary(min_size=5, max_size=5).map(lambda b: "52:" + b.hex(":"))
_ipv4 = st.one_of(
    st.just(Ipv4()),
    st.just(Ipv4(method="dhcp")),
    st.integers(2, 254).map(
        lambda n: Ipv4(method="static", address=f"192.0.2.{n}/24", gateway="192.0.2.1")
    ),
)
_ipv6 = st.one_of(
    st.sampled_from([Ipv6(), Ipv6(method="auto"), Ipv6(method="dhcp")]),
    st.integers(2, 2**60).map(
        lambda n: Ipv6(
            method="static",
            address=f"{ipaddress.IPv6Address((0x20010DB8 << 96) + n)}/64",
            gateway="fe80::1",
        )
    ),
)


@st.composite
def _networks(draw: st.DrawFn) -> Network:
    cards = draw(st.lists(_mac, min_size=2, max_size=4, unique=True))
    bond = Link(name="bond0", kind="bond", ports=tuple(cards[:2]), mode="802.3ad")
    vlan = Link(
        name="mgmt",
        kind="vlan",
        parent="bond0",
        vlan=draw(st.integers(1, 4094)),
        mtu=draw(st.one_of(st.none(), st.integers(1280, 9216))),
        ipv4=draw(_ipv4),
        ipv6=draw(_ipv6),
        roles=("management",),
    )
    bridge = Link(name="guests", kind="bridge", ports=tuple(cards[2:]), roles=("guests",))
    links = draw(st.lists(st.sampled_from([vlan, bridge]), unique=True, max_size=2))
    dns = draw(st.lists(st.ip_addresses().map(str), max_size=2, unique=True))
    search = draw(st.lists(_hostname, max_size=2, unique=True))
    return Network(links=(bond, *links), dns=tuple(dns), search=tuple(search))


_configs = st.builds(
    NodeConfig,
    identity=st.builds(Identity, hostname=st.one_of(st.just(""), _hostname)),
    security=st.builds(
        Security,
        admin_password=st.one_of(st.none(), st.just(Secret(HASH))),
        authorized_keys=st.sampled_from([(), (KEY,), (KEY, f"{KEY} admin@läptop")]),
        expire_admin_password=st.booleans(),
    ),
    ssh=st.builds(Ssh, enabled=st.booleans(), password_login=st.booleans()),
    network=st.one_of(st.just(Network()), st.just(Network(links=())), _networks()),
    time=st.builds(
        Time,
        zone=st.sampled_from(["UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires"]),
        ntp=st.lists(_server, max_size=3, unique=True).map(tuple),
    ),
    keyboard=st.builds(Keyboard, layout=st.sampled_from(["us", "de", "fr-latin9"])),
    install=st.builds(
        Install,
        disk=st.sampled_from([(), ("only",), ("serial:X", "size>=200G,bus=nvme")]),
        consent=st.sampled_from([(), ("/dev/disk/by-id/wwn-0x5",)]),
        slot_size=_big,
        swap_size=st.one_of(st.none(), st.just(Size(0)), _size),
        data_size=_big,
        reboot=st.booleans(),
        reboot_delay=st.integers(0, 86400),
        reinstall=st.booleans(),
        token=st.sampled_from(["", "tuesday"]),
    ),
    persist=st.builds(Persist, cap=st.integers(2**20, 48 * 2**20).map(Size)),
)


@given(_configs)
@settings(deadline=None)
def test_any_config_survives_the_file(config: NodeConfig) -> None:
    text = dump_config(config)
    assert load_config(text) == config
    assert dump_config(load_config(text)) == text


@given(_configs)
@settings(deadline=None)
def test_any_config_survives_json_with_all_its_defaults(config: NodeConfig) -> None:
    plain = json.loads(json.dumps(encode_config(config, defaults=True)))
    assert decode_config(plain) == config


def test_defaults_are_left_out() -> None:
    assert dump_config(NodeConfig()) == "version = 1\n"


def test_hidden_secrets_are_hidden() -> None:
    config = NodeConfig(security=Security(admin_password=Secret(HASH)))
    assert encode_config(config, secrets="hidden")["security"] == {"admin_password": "set"}
    assert HASH not in f"{config!r} {config} {config.security.admin_password:>9}"


def test_a_secret_does_not_reach_json_by_accident() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(NodeConfig(security=Security(admin_password=Secret(HASH))))


def test_ssh_stays_closed_until_somebody_can_log_in() -> None:
    password, key = Secret(HASH), (KEY,)
    assert not NodeConfig().opens_ssh
    assert not NodeConfig(security=Security(admin_password=password)).opens_ssh
    assert not NodeConfig(ssh=Ssh(enabled=False), security=Security(authorized_keys=key)).opens_ssh
    assert not NodeConfig(ssh=Ssh(password_login=True)).opens_ssh
    assert NodeConfig(security=Security(authorized_keys=key)).opens_ssh
    assert NodeConfig(
        ssh=Ssh(password_login=True), security=Security(admin_password=password)
    ).opens_ssh


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.toml")), ids=lambda path: path.stem)
def test_a_wrong_file_is_refused_in_these_words(path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_config(path.read_text())
    assert f"{refusal.value}\n" == path.with_suffix(".txt").read_text()


def test_every_wrong_file_has_its_words() -> None:
    files = {path.stem for path in GOLDEN.glob("*.toml")}
    assert files == {path.stem for path in GOLDEN.glob("*.txt")}
    assert len(files) >= 30
