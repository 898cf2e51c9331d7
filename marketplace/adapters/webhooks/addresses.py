"""Which addresses of the network a stranger may have us talk to: public ones, and no way around that."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

NEVER = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # carriers' own
        "168.63.129.16/32",  # public by its number, but the host of a virtual machine in one of the large clouds
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays into tunnels
        "64:ff9b::/96",  # an IPv4 address in other clothes, and which one is decided by the network
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "::/96",
        "fec0::/10",
        "3fff::/20",
        "5f00::/16",
    )
)


def is_public(text: str) -> bool:
    """Whether an address is one of the open network. An IPv4 address inside an IPv6 one counts as what it is."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
    is_special = (
        not address.is_global
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    return not is_special and not any(address in network for network in NEVER if network.version == address.version)
