"""What the gateway must know of loggers: where from, and for whom they may speak."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from polluters.models import Logger

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Directory:
    """MNs that forward for others (转发), and the addresses some MNs are bound to.

    ``known`` holds every registered MN; None while that could not be read.
    """

    forwarding: frozenset[str] = frozenset()
    networks: dict[str, tuple[Network, ...]] = field(default_factory=dict)
    known: frozenset[str] | None = None

    def knows(self, mn: str) -> bool:
        """Whether an MN is registered, as far as can be told."""
        return self.known is None or mn in self.known

    def allows(self, mn: str, address: str) -> bool:
        """Whether this MN may come from this address."""
        networks = self.networks.get(mn)
        if networks is None:
            return True
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in networks)


def read_networks(text: str) -> tuple[Network, ...] | None:
    """Read addresses and networks divided by commas or blanks; None if there are none.

    A word that is no address lets nobody in, rather than everybody.
    """
    words = text.replace(",", " ").replace("，", " ").replace(";", " ").split()
    if not words:
        return None
    return tuple(_networks(words))


def _networks(words: Iterable[str]) -> Iterable[Network]:
    for word in words:
        try:
            yield ip_network(word, strict=False)
        except ValueError:
            continue


def load_directory() -> Directory:
    """Read the directory from the database."""
    rows = list(
        Logger.objects.filter(active=True).values_list("mn", "access", "allowed_ips")
    )
    forwarding = set()
    networks = {}
    for mn, access, allowed in rows:
        if access != Logger.Access.DIRECT:
            forwarding.add(mn)
        found = read_networks(allowed)
        if found is not None:
            networks[mn] = found
    known = frozenset(mn for mn, _, _ in rows)
    return Directory(frozenset(forwarding), networks, known)
