"""Where an HTTP stream leads, looked at before FFmpeg opens it (SSRF guard).

A playlist names other addresses, and a redirect leads to one; FFmpeg would follow both
on sockets of its own. So a playlist is fetched here over guarded sockets and every
address in it, and in the playlists it names, has to be one that may be opened. FFmpeg is
told to follow no redirect. What a live playlist names only later is not seen here: the
protocols it may use are limited, and the network's own rules stay the last fence.
"""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import requests

from bozhou_eco.common.outbound import (
    HTTP,
    STREAMS,
    OutboundRefusedError,
    check_stream,
    check_url,
    session,
)

SECONDS = (5.0, 8.0)
MOST_BYTES = 512 * 1024
MOST_LISTS = 12
ENDINGS = (".m3u8", ".m3u")
QUOTED = re.compile(r'URI="([^"]+)"')


def stream_options(address: str) -> dict[str, str]:
    """Check what FFmpeg is to open, playlists included; return its options.

    Raises `OutboundRefusedError` with the reason.
    """
    options = check_stream(address)
    if urlsplit(address).scheme in HTTP:
        options["max_redirects"] = "0"
        _check_lists(address)
    return options


def _check_lists(address: str) -> None:
    waiting, seen = [address], set[str]()
    while waiting and len(seen) < MOST_LISTS:
        current = waiting.pop()
        if current in seen or not _is_list(current):
            continue
        seen.add(current)
        hosts = set[tuple[str, str | None, int | None]]()
        for named in _named_in(_fetched(current), current):
            parts = urlsplit(named)
            if (host := (parts.scheme, parts.hostname, parts.port)) not in hosts:
                hosts.add(host)
                check_url(named, schemes=STREAMS)
            waiting.append(named)


def _is_list(address: str) -> bool:
    return urlsplit(address).path.lower().endswith(ENDINGS)


def _fetched(address: str) -> str:
    """The text of a playlist; empty where the server does not give it now."""
    try:
        with session() as web:
            answer = web.get(
                address, timeout=SECONDS, stream=True, allow_redirects=False
            )
            content = answer.raw.read(MOST_BYTES, decode_content=True)
    except requests.TooManyRedirects as error:
        target = (
            error.response.headers["Location"] if error.response is not None else ""
        )
        host = urlsplit(urljoin(address, target)).hostname
        raise OutboundRefusedError(
            f"该地址转向 {host}，请直接填写视频流的地址"
        ) from None
    except requests.RequestException:
        return ""  # FFmpeg will say what is wrong with it
    return bytes(content).decode("utf-8", "replace")


def _named_in(text: str, address: str) -> Iterator[str]:
    """Every address that a playlist names, made whole."""
    for line in text.splitlines():
        given = QUOTED.findall(line) if line.startswith("#") else [line.strip()]
        for one in given:
            if one:
                yield urljoin(address, one)
