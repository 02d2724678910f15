"""The network check: what is asked against what is."""

import pytest

from node_tui.system.health_network import NetworkFaultError, check_links
from persist.model.addresses import Ipv4, Ipv6
from persist.model.network import FIRST_LINK
from persist.model.network import Link as Asked
from plugins.api.facts import Link

STATIC = Ipv4(method="static", address="192.0.2.10/24")
UP = Link(name="eno1", mac="52:54:00:00:00:01", carrier=True, addresses=("192.0.2.10/24",))
DOWN = Link(name="eno2", mac="52:54:00:00:00:02")


def test_the_first_card_with_an_address_is_enough() -> None:
    assert check_links([FIRST_LINK], [DOWN, UP]) == "eno1 192.0.2.10/24"


def test_a_card_is_found_by_mac_or_name() -> None:
    by_mac = Asked(name="mgmt", match="52:54:00:00:00:01", ipv4=Ipv4(method="dhcp"))
    by_name = Asked(name="eno1", ipv4=STATIC)
    assert check_links([by_mac, by_name], [UP]) == "eno1 192.0.2.10/24, eno1 192.0.2.10/24"


def test_only_management_links_decide() -> None:
    storage = Asked(name="eno2", ipv4=Ipv4(method="dhcp"), roles=("storage",))
    management = Asked(name="eno1", ipv4=STATIC, roles=("management",))
    assert check_links([storage, management], [UP, DOWN]) == "eno1 192.0.2.10/24"
    with pytest.raises(NetworkFaultError, match="eno2: no carrier"):
        check_links([storage], [UP, DOWN])


def test_nothing_asked_is_nothing_missed() -> None:
    assert check_links([], [UP]) == "no management link is asked for"
    assert check_links([Asked(name="eno2")], [DOWN]) == "no management link is asked for"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(name="eno9", ipv4=Ipv4(method="dhcp")), r"eno9: there is no such link"),
        (Asked(name="eno2", ipv4=Ipv4(method="dhcp")), r"eno2: no carrier"),
        (
            Asked(name="eno1", ipv4=Ipv4(method="static", address="192.0.2.11/24")),
            r"eno1: no address by IPv4 192\.0\.2\.11/24",
        ),
        (Asked(name="eno1", ipv6=Ipv6(method="auto")), r"eno1: no address by IPv6 auto"),
        (
            Asked(name="eno1", ipv4=Ipv4(method="dhcp"), ipv6=Ipv6(method="dhcp")),
            r"eno1: no address by IPv6 dhcp",
        ),
    ],
)
def test_what_is_missing_is_named(asked: Asked, words: str) -> None:
    with pytest.raises(NetworkFaultError, match=words) as caught:
        check_links([asked], [UP, DOWN])
    assert caught.value.hint
