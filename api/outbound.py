"""Calls to addresses that somebody else names: never to where only we can reach.

A name is resolved here, every address it has must be one that anybody on the internet could call, and the connection
goes to the very address that was looked at: a name that answers otherwise the second time is not asked twice.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2

TIMEOUT_S: Final = 10.0
PORTS: Final = {"https": 443, "http": 80}
#: Networks that wrap addresses of the old protocol, or that mean somebody near: is_global knows some of them only.
WRAPPED: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]


class Refused(ValueError):
    """The address is not one that may be called; the message says why."""


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name.

    Raises:
        Refused: it has none.
    """
    try:
        return sorted({str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except (OSError, UnicodeError) as error:
        raise Refused(f"{host}: {error}") from error


@dataclass(frozen=True)
class Outbound:
    """What may be called: https to public addresses, unless it is allowed to be more lenient."""

    plain: bool = False
    private: bool = False
    resolver: Resolve = resolve

    def checked(self, url: str) -> SplitResult:
        """The parts of a URL that has the right form; its host is not looked up.

        Raises:
            Refused: it has not.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise Refused(f"not a URL: {error}") from error
        if parts.scheme not in ({"https", "http"} if self.plain else {"https"}):
            raise Refused("the URL has to begin with https://")
        if not parts.hostname or parts.username or parts.password or "\\" in url or not url.isascii():
            raise Refused("the URL has to name a host, in ASCII, and no user or password")
        if port and not self.private and port != PORTS[parts.scheme]:
            raise Refused(f"the URL has to use port {PORTS[parts.scheme]}")
        return parts

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Send a message; the status of the answer, of which nothing else is looked at.

        Raises:
            Refused: the address must not be called.
            httpx2.HTTPError: nobody answered.
        """
        parts = self.checked(url)
        assert parts.hostname
        port = parts.port or PORTS[parts.scheme]
        address = self._address(parts.hostname, port)
        there = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{there}:{port}", fragment="").geturl()
        host = parts.hostname if port == PORTS[parts.scheme] else f"{parts.hostname}:{port}"
        with (
            httpx2.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client,
            client.stream(
                "POST",
                target,
                content=body,
                headers={**headers, "Host": host},
                extensions={"sni_hostname": parts.hostname},
            ) as answer,
        ):
            return int(answer.status_code)

    def _address(self, host: str, port: int) -> str:
        """The address to connect to; one bad one among several spoils them all."""
        found = self.resolver(host, port)
        for text in found:
            if not self.private and not is_public(ipaddress.ip_address(text.partition("%")[0])):
                raise Refused(f"{host} is {text}, which is not an address of the public internet")
        if not found:
            raise Refused(f"{host} has no address")
        return found[0]


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could call an address, which wraps no other."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in WRAPPED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
