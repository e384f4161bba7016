"""Which addresses links may lead to, in every spelling."""

from ipaddress import ip_address, ip_network

import pytest

from core.video.fetch_addresses import is_own, literal, may_reach
from core.video.link import address_in

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "64:ff9b::808:808"]
PUBLIC += ["::ffff:8.8.8.8", "192.0.1.1", "172.32.0.1"]
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.5", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "100::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808",
    "2002:7f00:1::1", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1",
    "2606:4700:4700:1:0:5efe:10.0.0.1", "2606:4700:4700:1:200:5efe:127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_the_public_internet_is_open(text):
    assert may_reach(ip_address(text))


@pytest.mark.parametrize("text", PRIVATE)
def test_everything_else_is_not(text):
    assert not may_reach(ip_address(text))


def test_exceptions_are_named_and_hold_for_the_mapped_form_too():
    allow = (ip_network("127.0.0.2/32"), ip_network("fd00::/8"))
    assert may_reach(ip_address("127.0.0.2"), allow)
    assert may_reach(ip_address("::ffff:127.0.0.2"), allow)
    assert may_reach(ip_address("fd12::1"), allow)
    for other in ("127.0.0.1", "::1", "64:ff9b::7f00:2", "2002:7f00:2::1", "::127.0.0.2", "fe80::1"):
        assert not may_reach(ip_address(other), allow)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001", "0177.0.0.01", "127.0.0.1", "::1"]
)
def test_other_spellings_of_an_address_are_seen_in_a_link(host):
    assert address_in(host) is not None
    assert not may_reach(address_in(host))


@pytest.mark.parametrize("host", ["example.org", "a1.com", "1.2.3.4.5", "0x7f.example", "face.cafe", "x.x"])
def test_names_are_no_addresses(host):
    assert address_in(host) is None


def test_only_numbers_are_connected_to():
    assert literal("8.8.8.8") == ip_address("8.8.8.8")
    for other in ("localhost", "example.org", "127.1", "", None, b"8.8.8.8", 5):
        assert literal(other) is None


def test_the_machines_own_addresses_are_known_by_what_can_be_bound_to():
    assert is_own(ip_address("127.0.0.1"))
    assert not is_own(ip_address("8.8.8.8"))
    assert not is_own(ip_address("2606:4700:4700::1111"))
