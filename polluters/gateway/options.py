"""What an operator can set of the gateway."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Addresses, limits and time-outs; seconds and bytes.

    ``rate_per_s`` and ``burst`` bound the frames (and errors) of one device;
    ``unanswered_max`` is how many publishes may wait for the broker before reading
    stops, ``underway_max`` how many frames may be on their way to the database, of which
    something was to be heard within ``underway_s``; ``strangers_per_s`` and ``strangers_burst`` bound what all unknown senders and
    broken bytes together may send on to quarantine; ``half_frame_s`` is how long half a frame may wait for its rest.
    """

    host: str = "127.0.0.1"
    port: int = 2120
    mqtt_url: str = "mqtt://127.0.0.1:1883"
    client_id: str = "gateway-1"
    tls_cert: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    metrics_port: int = 0
    max_connections: int = 12_000
    max_per_address: int = 1_000
    rate_per_s: float = 20.0
    burst: int = 200
    idle_s: float = 900.0
    first_frame_s: float = 120.0
    half_frame_s: float = 30.0
    errors_max: int = 50
    stranger_errors_max: int = 5
    strangers_per_s: float = 50.0
    strangers_burst: int = 500
    write_buffer: int = 64 * 1024
    unanswered_max: int = 2_000
    underway_max: int = 20_000
    underway_s: float = 60.0
    spool_dir: Path = Path("var/gateway/spool")
    spool_max_bytes: int = 1 << 30
    sweep_s: float = 1.0
