"""An S3 bucket on loopback that checks every request's signature (AWS Signature V4)."""

import hashlib
import hmac
import http.server
import re
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)
NO_KEY = b"<Error><Code>NoSuchKey</Code></Error>"
DENIED = b"<Error><Code>SignatureDoesNotMatch</Code></Error>"


@dataclass
class Bucket:
    """Objects by path; ``down`` answers 503."""

    key: str = "test-key"
    secret: str = "test-secret"
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refused: int = 0
    down: bool = False

    def __post_init__(self) -> None:
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content = outer.handle(self, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("ETag", f'"{hashlib.md5(content).hexdigest()}"')  # noqa: S324
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def handle(
        self, request: http.server.BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, bytes]:
        path = unquote(urlsplit(request.path).path)
        self.requests.append(f"{request.command} {path}")
        if self.down:
            return 503, b"<Error><Code>SlowDown</Code></Error>"
        if not self._signed(request, body):
            self.refused += 1
            return 403, DENIED
        if request.command == "PUT":
            self.objects[path] = body
            return 200, b""
        if request.command == "DELETE":
            self.objects.pop(path, None)
            return 204, b""
        found = self.objects.get(path)
        return (404, NO_KEY) if found is None else (200, found)

    def _signed(self, request: http.server.BaseHTTPRequestHandler, body: bytes) -> bool:
        given = AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if given is None or given["key"] != self.key:
            return False
        digest = request.headers["x-amz-content-sha256"]
        if digest not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
            return False
        parts = urlsplit(request.path)
        query = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}"
            for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
        )
        names = given["headers"].split(";")
        lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
        canonical = "\n".join(
            (request.command, parts.path, query, lines, given["headers"], digest)
        )
        text = "\n".join(
            (
                "AWS4-HMAC-SHA256",
                request.headers["x-amz-date"],
                given["scope"],
                hashlib.sha256(canonical.encode()).hexdigest(),
            )
        )
        key = f"AWS4{self.secret}".encode()
        for part in given["scope"].split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        right = hmac.digest(key, text.encode(), "sha256").hex()
        return hmac.compare_digest(right, given["signature"])

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
