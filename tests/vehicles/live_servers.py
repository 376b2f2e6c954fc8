"""Real servers on loopback that play a small road clip for ever, as cameras do.

HTTP gives MPEG-TS, FLV, HLS and motion JPEG; RTSP gives H.264 over its own connection.
"""

import base64
import io
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from bozhou_eco.common.video import encode

RATE, SECONDS, WIDTH, HEIGHT = 15, 4, 320, 180


def road_clip(path: Path) -> Path:
    """Four seconds in which something drives across a grainy road."""
    rng = np.random.default_rng(4)
    road = rng.integers(95, 135, (HEIGHT, WIDTH, 3)).astype(np.uint8)

    def pictures() -> Iterator[np.ndarray]:
        for number in range(RATE * SECONDS):
            image = road.copy()
            x = int(number * WIDTH / (RATE * SECONDS))
            cv2.rectangle(image, (x, 70), (x + 60, 130), (30, 40, 180), -1)
            yield image

    encode(path, pictures(), rate=RATE)
    return path


@dataclass
class Feed:
    """The packets of a clip, played round and round in real time."""

    clip: Path
    playing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.playing.set()

    def packets(self, template: Any) -> Iterator[tuple[Any, float]]:
        """Packets with growing time stamps, each when it is due, with its time."""
        began, round_at = time.monotonic(), 0.0
        while True:
            with av.open(str(self.clip)) as source:
                stream = source.streams.video[0]
                for packet in source.demux(stream):
                    if packet.dts is None:
                        continue
                    at = round_at + float(packet.dts * packet.time_base)
                    shift = int(round_at / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    time.sleep(max(began + at - time.monotonic(), 0.0))
                    if not self.playing.is_set():
                        return
                    if template is not None:
                        packet.stream = template
                    yield packet, at
            round_at += SECONDS


class SocketWriter(io.RawIOBase):
    """What PyAV muxes into, straight to the socket."""

    def __init__(self, out: Any) -> None:
        self.out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.out.write(bytes(data))
        self.out.flush()
        return len(data)


class _Handler(BaseHTTPRequestHandler):
    feed: Feed
    hls: Path

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        try:
            if self.path.endswith((".ts", ".m3u8")) and self.path.startswith("/hls/"):
                self._file(self.hls / self.path.rsplit("/", 1)[1])
            elif self.path == "/live.mjpg":
                self._motion_jpeg()
            else:
                self._muxed({"/live.ts": "mpegts", "/live.flv": "flv"}[self.path])
        except (OSError, av.error.FFmpegError):
            pass

    def _start(self, media_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _file(self, path: Path) -> None:
        if not path.is_file():
            self.send_error(404)
            return
        self._start(
            "application/vnd.apple.mpegurl" if ".m3u8" in path.name else "video/mp2t"
        )
        self.wfile.write(path.read_bytes())

    def _muxed(self, form: str) -> None:
        self._start("video/mp2t" if form == "mpegts" else "video/x-flv")
        with av.open(str(self.feed.clip)) as source:
            out = av.open(SocketWriter(self.wfile), "w", format=form)
            copy = out.add_stream_from_template(source.streams.video[0])
            for packet, _ in self.feed.packets(copy):
                out.mux(packet)
                if form == "flv":
                    self.wfile.flush()

    def _motion_jpeg(self) -> None:
        self._start("multipart/x-mixed-replace; boundary=frame")
        decoder = av.open(str(self.feed.clip)).streams.video[0].codec_context
        for packet, _ in self.feed.packets(None):
            for picture in decoder.decode(packet):
                _, data = cv2.imencode(".jpg", picture.to_ndarray(format="bgr24"))
                body = bytes(data)
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
                self.wfile.write(head.encode() + body + b"\r\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


def _write_hls(feed: Feed, folder: Path) -> None:
    with av.open(str(feed.clip)) as source:
        out = av.open(
            str(folder / "live.m3u8"), "w", format="hls",
            options={"hls_time": "1", "hls_list_size": "4", "hls_flags": "delete_segments"},
        )  # fmt: skip
        copy = out.add_stream_from_template(source.streams.video[0])
        for packet, _ in feed.packets(copy):
            out.mux(packet)


@contextmanager
def http_camera(
    clip: Path, folder: Path, *, port: int = 0
) -> Iterator[tuple[str, Feed]]:
    """A camera over HTTP; its address and its feed (clear ``playing`` to cut it)."""
    feed = Feed(clip)
    folder.mkdir(exist_ok=True)
    handler = type("Handler", (_Handler,), {"feed": feed, "hls": folder})
    server = _Server(("127.0.0.1", port), handler)
    threads = [
        threading.Thread(target=server.serve_forever, daemon=True),
        threading.Thread(target=_write_hls, args=(feed, folder), daemon=True),
    ]
    for one in threads:
        one.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", feed
    finally:
        feed.playing.clear()
        server.shutdown()
        server.server_close()


def _units(packet: bytes) -> Iterator[bytes]:
    """NAL units of an MP4 (length-prefixed) packet."""
    at = 0
    while at + 4 <= len(packet):
        (size,) = struct.unpack(">I", packet[at : at + 4])
        yield packet[at + 4 : at + 4 + size]
        at += 4 + size


class _Rtsp(socketserver.StreamRequestHandler):
    """OPTIONS, DESCRIBE, SETUP (interleaved), PLAY, TEARDOWN of RFC 2326; H.264 by RFC 6184."""

    feed: Feed

    def handle(self) -> None:
        while True:
            lines = []
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                lines.append(line.decode().strip())
            if not lines:
                return
            method, number = lines[0].split()[0], "0"
            for one in lines[1:]:
                if one.lower().startswith("cseq:"):
                    number = one.split(":")[1].strip()
            self._answer(method, number, lines[0].split()[1])
            if method == "PLAY":
                with suppress(OSError):
                    self._play()
                return
            if method == "TEARDOWN":
                return

    def _answer(self, method: str, number: str, url: str) -> None:
        head, body = [], b""
        if method == "OPTIONS":
            head = ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"]
        elif method == "DESCRIBE":
            body = self._sdp()
            head = ["Content-Type: application/sdp", f"Content-Base: {url}/",
                    f"Content-Length: {len(body)}"]  # fmt: skip
        elif method == "SETUP":
            head = ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 7"]
        elif method == "PLAY":
            head = ["Session: 7"]
        lines = ["RTSP/1.0 200 OK", f"CSeq: {number}", *head, "", ""]
        self.wfile.write("\r\n".join(lines).encode() + body)

    def _sdp(self) -> bytes:
        with av.open(str(self.feed.clip)) as source:
            extra = bytes(source.streams.video[0].codec_context.extradata or b"")
        size = struct.unpack(">H", extra[6:8])[0]
        sps = extra[8 : 8 + size]
        rest = extra[9 + size :]
        pps = rest[2 : 2 + struct.unpack(">H", rest[:2])[0]]
        sets = ",".join(base64.b64encode(one).decode() for one in (sps, pps))
        return "\r\n".join(
            ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "t=0 0",
             "m=video 0 RTP/AVP 96", "c=IN IP4 0.0.0.0", "a=rtpmap:96 H264/90000",
             f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}",
             "a=control:track1", ""]
        ).encode()  # fmt: skip

    def _play(self) -> None:
        sequence = 0
        for packet, at in self.feed.packets(None):
            units = list(_units(bytes(packet)))
            for place, unit in enumerate(units):
                stamp = int(float(packet.pts * packet.time_base) * 90000)
                for piece, last in self._pieces(unit):
                    mark = last and place == len(units) - 1
                    head = struct.pack(
                        ">BBHII", 0x80, 96 | (mark << 7), sequence & 0xFFFF,
                        stamp & 0xFFFFFFFF, 0x1234,
                    )  # fmt: skip
                    frame = head + piece
                    self.wfile.write(struct.pack(">cBH", b"$", 0, len(frame)) + frame)
                    sequence += 1
            del at

    @staticmethod
    def _pieces(unit: bytes) -> Iterator[tuple[bytes, bool]]:
        """A NAL unit as one payload, or as FU-A fragments."""
        most = 1300
        if len(unit) <= most:
            yield unit, True
            return
        indicator, kind = (unit[0] & 0xE0) | 28, unit[0] & 0x1F
        body = unit[1:]
        for at in range(0, len(body), most):
            first, last = at == 0, at + most >= len(body)
            header = (first << 7) | (last << 6) | kind
            yield bytes([indicator, header]) + body[at : at + most], last


class _RtspServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


@contextmanager
def rtsp_camera(clip: Path, *, port: int = 0) -> Iterator[tuple[str, Feed]]:
    """A camera over RTSP; its address and its feed."""
    feed = Feed(clip)
    server = _RtspServer(("127.0.0.1", port), type("Handler", (_Rtsp,), {"feed": feed}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"rtsp://127.0.0.1:{server.server_address[1]}/live", feed
    finally:
        feed.playing.clear()
        server.shutdown()
        server.server_close()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
