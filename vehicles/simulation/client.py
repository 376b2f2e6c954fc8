"""A station's software in small: the reference client of the stations' REST interface.

It knows nothing but the published interface: it registers itself, does its checks,
opens sessions, sends the parts, asks whether it may go on, resumes after a lost
connection from what the platform says it has, and posts whole tests after an outage.
"""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

ROOT = "/api/v1/stations/"
PARTS = ("appearance", "obd", "process", "results")


class RefusedError(Exception):
    """The platform said no; ``body`` is its problem document."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {json.dumps(body, ensure_ascii=False)[:600]}")
        self.status = status
        self.body = body


class UnreachableError(Exception):
    """The platform did not answer after several tries."""


@dataclass
class StationClient:
    """One station's connection; every write may be repeated without harm."""

    url: str
    key: str
    signing_key: str = ""
    timeout_s: float = 25.0
    tries: int = 5
    pause: Callable[[float], None] = time.sleep
    connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def call(
        self,
        verb: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send one request, again and again after a broken connection."""
        raw = body if isinstance(body, bytes) else b""
        given = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            raw = json.dumps(body, ensure_ascii=False).encode()
            given["Content-Type"] = "application/json"
        for attempt in range(self.tries):
            try:
                return self._once(verb, path, raw, given)
            except (OSError, http.client.HTTPException):
                self.close()
                self.pause(min(0.5 * 2**attempt, 10))
        raise UnreachableError(f"{verb} {path}")

    def _once(self, verb: str, path: str, raw: bytes, given: dict[str, str]) -> Any:
        headers = {**given, "Authorization": f"Station {self.key}"}
        if self.signing_key:
            headers |= self._signature(verb, path, raw)
        connection = self._connected()
        connection.request(verb, path, raw or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status in (429, 503):
            self.pause(float(answer.headers.get("Retry-After", "1")))
            raise http.client.HTTPException("busy")
        found = json.loads(content) if content else None
        if answer.status >= 400:
            raise RefusedError(answer.status, found)
        return found

    def _connected(self) -> http.client.HTTPConnection:
        if self.connection is None:
            parts = urlsplit(self.url)
            maker = (
                http.client.HTTPSConnection
                if parts.scheme == "https"
                else http.client.HTTPConnection
            )
            self.connection = maker(parts.netloc, timeout=self.timeout_s)
        return self.connection

    def _signature(self, verb: str, path: str, raw: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        digest = hashlib.sha256(raw).hexdigest()
        text = f"{verb}\n{path}\n{stamp}\n{digest}".encode()
        key = bytes.fromhex(self.signing_key)
        return {
            "X-Timestamp": stamp,
            "X-Signature": hmac.new(key, text, hashlib.sha256).hexdigest(),
        }

    def close(self) -> None:
        """Drop the connection; the next call makes a new one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def own(self) -> Any:
        """Return the station's mode, locks and the platform's clock."""
        return self.call("GET", f"{ROOT}self/")

    def put(self, kind: str, name: str, values: Mapping[str, Any]) -> Any:
        """Register a line, an instrument or a person."""
        return self.call("PUT", f"{ROOT}{kind}/{quote(name, safe='')}/", dict(values))

    def post_checks(self, checks: list[dict[str, Any]]) -> Any:
        """Post daily checks and calibrations."""
        return self.call("POST", f"{ROOT}checks/", {"checks": checks})

    def open(self, session: Mapping[str, Any]) -> Any:
        """Open a session; the answer says whether the test may start."""
        name = str(session["session"])
        key = {"Idempotency-Key": f"open-{name}"[:80]}
        return self.call("POST", f"{ROOT}sessions/", dict(session), key)

    def put_part(self, session: str, part: str, content: Any) -> Any:
        """Send one part of a session."""
        return self.call("PUT", f"{ROOT}sessions/{quote(session)}/{part}/", content)

    def state(self, session: str) -> Any:
        """Return what the platform holds of a session."""
        return self.call("GET", f"{ROOT}sessions/{quote(session)}/")

    def may_go_on(self, session: str) -> Any:
        """Ask whether the running test may go on."""
        return self.call("GET", f"{ROOT}sessions/{quote(session)}/go/")

    def finish(self, session: str) -> Any:
        """End a test: verdict, report number and QR code."""
        return self.call("POST", f"{ROOT}sessions/{quote(session)}/finish/")

    def complain(self, session: str, text: str) -> Any:
        """Complain about a refusal."""
        path = f"{ROOT}sessions/{quote(session)}/complaints/"
        return self.call("POST", path, {"text": text})

    def post_whole(self, tests: list[dict[str, Any]]) -> Any:
        """Post whole tests that were made while the connection was down."""
        return self.call("POST", f"{ROOT}tests/", {"tests": tests})

    def send_missing(self, session: str, parts: Mapping[str, Any]) -> list[str]:
        """Send the parts that the platform does not hold; return which they were."""
        held = set(self.state(session)["received"])
        missing = [part for part in PARTS if part in parts and part not in held]
        for part in missing:
            self.put_part(session, part, parts[part])
        return missing

    def upload(self, session: str, entry: Mapping[str, Any], content: bytes) -> Any:
        """Send a file in pieces, from where the platform says it stands."""
        path = f"{ROOT}sessions/{quote(session)}/files/"
        digest = hashlib.sha256(content).hexdigest()
        row = self.call("POST", path, {**entry, "size": len(content), "sha256": digest})
        while not row["complete"]:
            start = row["received"]
            piece = content[start : start + row["piece"]]
            span = f"bytes {start}-{start + len(piece) - 1}/{len(content)}"
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Range": span,
            }
            row = self.call("PUT", f"{path}{row['id']}/content/", piece, headers)
        return row
