"""Which addresses a link may lead to: those of the public internet, and what the settings allow by name.

The registries that decide are IANA's special-purpose lists (RFC 6890) as Python's `ipaddress` knows them, made
stricter: of IPv6 only global unicast (2000::/3) without its tunnels, and an address that carries an IPv4 address is
judged by that one too, since the kernel or a gateway takes the traffic there.
"""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from core.video.fetch_settings import Network

Address = IPv4Address | IPv6Address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; the local-use prefix 64:ff9b:1::/48 is not global unicast
_TUNNELS = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # Teredo and other protocol assignments
        "2002::/16",  # 6to4
        "3ffe::/16",  # 6bone, given back
    )
)
_INTERNAL = tuple(
    IPv4Network(each)
    for each in (
        "192.0.0.0/24",  # protocol assignments; metadata of some clouds
        "192.88.99.0/24",  # relays of 6to4
        "168.63.129.16/32",  # a public number that machines in Azure find their host at
    )
)
_NOBODYS = {4: "203.0.113.77", 6: "2001:db8::77"}  # for documentation, never anybody's


def may_reach(address: Address, allow: tuple[Network, ...] = ()) -> bool:
    """Whether a link may lead to this address. `allow` names networks that are let through although not public."""
    judged = _unmapped(address)
    if any(each in network for network in allow for each in (address, judged)):
        return True
    return _is_public(judged)


def _unmapped(address: Address) -> Address:
    """What the kernel connects to: ::ffff:a.b.c.d is a.b.c.d."""
    return getattr(address, "ipv4_mapped", None) or address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        usable = address.is_global and not (address.is_multicast or address.is_reserved)
        return usable and not any(address in network for network in _INTERNAL)
    inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return _is_public(inner)
    if (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE and not _is_public(inner):  # ISATAP, RFC 5214
        return False
    return address in _GLOBAL_UNICAST and address.is_global and not any(address in tunnel for tunnel in _TUNNELS)


def literal(host: object) -> Address | None:
    """The address in a socket's address tuple; None where it is a name, which could mean anything by and by."""
    if not isinstance(host, str):
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_own(address: Address) -> bool:
    """Whether a public address is one of this very machine's: only those can be bound to.

    Its services may trust the machine itself, or stand behind a firewall that looks outwards only.
    """
    return _bindable(str(address), address.version) and not _bindable(_NOBODYS[address.version], address.version)


def _bindable(address: str, version: int) -> bool:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
