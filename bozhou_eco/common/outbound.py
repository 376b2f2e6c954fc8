"""Connections that the platform opens to addresses somebody typed in (SSRF guard).

Webhooks, exchange partners and cameras are addresses from a form. They may not lead to
this machine, to a cloud's metadata address or to another non-public place, unless the
network is named in ``OUTBOUND_NETWORKS``. Names are checked when an address is saved and
again on the connected socket, so that a name that later points elsewhere (DNS rebinding)
is refused before a byte is sent. What opens its own socket (FFmpeg for streams, Apprise)
has the address checked before each call.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.exceptions import ValidationError
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

HTTP = ("http", "https")
STREAMS = ("rtsp", "rtsps", "rtmp", *HTTP)
# What FFmpeg may follow from a stream: a playlist must not lead to a local file.
STREAM_PROTOCOLS = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,hls,rtmp,crypto,data"
PROTOCOL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+[:,]")
# IPv6 that is turned into the IPv4 address written inside: NAT64, 6to4, Teredo, and the
# translated and compatible forms. No partner is reached so; an inside address may be.
TRANSLATED = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        *("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"),
        *("::ffff:0:0:0/96", "::/96"),
    )
)


class OutboundRefusedError(ValueError):
    """An address that may not be connected to; the text says why, in Chinese."""


def allowed(address: str) -> bool:
    """Return whether an IP address may be connected to."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if any(ip in network for network in settings.OUTBOUND_NETWORKS):
        return True
    if any(ip in network for network in TRANSLATED):
        return False
    return ip.is_global and not ip.is_multicast


def check_url(
    url: str, *, schemes: Collection[str] = HTTP, unknown: bool = False
) -> None:
    """Raise `OutboundRefusedError` if ``url`` is no address the platform may open.

    ``unknown`` lets a name pass that does not resolve at the moment: for a form, where
    the socket is checked later anyway.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise OutboundRefusedError("地址格式不正确") from None
    if parts.scheme not in schemes:
        raise OutboundRefusedError(f"地址须以 {'、'.join(schemes)} 之一开头")
    if not host:
        raise OutboundRefusedError("地址中没有主机名")
    check_host(host, port or 80, unknown=unknown)


def check_host(host: str, port: int = 80, *, unknown: bool = False) -> None:
    """Raise `OutboundRefusedError` if a host is or resolves to a forbidden place."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        if unknown:
            return
        raise OutboundRefusedError(f"主机名 {host} 无法解析") from None
    for entry in found:
        if not allowed(str(entry[4][0])):
            raise OutboundRefusedError(
                f"{host} 指向内部地址 {entry[4][0]}；如确需访问，请由运维人员将该网段"
                "加入 OUTBOUND_NETWORKS"
            )


def check_fields(schemes: Collection[str] = HTTP, **addresses: str) -> None:
    """Raise `ValidationError` naming the field whose address may not be opened."""
    for name, address in addresses.items():
        if address:
            try:
                check_url(address, schemes=schemes, unknown=True)
            except OutboundRefusedError as error:
                raise ValidationError({name: str(error)}) from error


def check_stream(address: str) -> dict[str, str]:
    """Check what FFmpeg is to open; return the options that keep it to the network.

    A plain path is a file of ours and passes; anything with a protocol (``concat:`` and
    ``subfile,`` too) must be an address of a stream that may be reached.
    """
    if not PROTOCOL.match(address):
        return {}
    check_url(address, schemes=STREAMS)
    return {"protocol_whitelist": STREAM_PROTOCOLS}


def _checked(opened: socket.socket) -> socket.socket:
    peer = str(opened.getpeername()[0])
    if not allowed(peer):
        opened.close()
        raise OutboundRefusedError(f"连接被拒绝：{peer} 是内部地址")
    return opened


class _PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection  # type: ignore[assignment]


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection  # type: ignore[assignment]


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _PlainPool,
            "https": _TlsPool,
        }


def session() -> requests.Session:
    """Return a session that refuses forbidden peers; no proxies, no redirects followed.

    Certificates are checked against the usual authorities or those of
    ``REQUESTS_CA_BUNDLE``.

    A refused peer raises `OutboundRefusedError` from the call.
    """
    made = requests.Session()
    made.trust_env = False
    made.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    made.max_redirects = 0
    for scheme in HTTP:
        made.mount(f"{scheme}://", _GuardedAdapter())
    return made
