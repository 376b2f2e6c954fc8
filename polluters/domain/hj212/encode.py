"""Writing HJ 212 frames of each version, their parts and their answers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from polluters.domain.hj212 import sm4
from polluters.domain.hj212.codes import POLLUTANTS
from polluters.domain.hj212.crc import crc_text_as
from polluters.domain.hj212.frame import Frame, Item, format_qn, format_time
from polluters.domain.hj212.framing import MAX_LENGTH

MAX_CP = 950
MAX_SEGMENT = 1024
VERSION_BITS = {2005: 0, 2017: 4, 2025: 8}
SYSTEM_INTERACTION = "91"


def encode_frame(
    *,
    st: str,
    cn: str,
    mn: str,
    pw: str = "123456",
    qn: str | datetime | None = None,
    version: int = 2017,
    needs_ack: bool = False,
    params: Mapping[str, str | datetime] | None = None,
    items: Iterable[Item] = (),
    cp: str | None = None,
    part: tuple[int, int] | None = None,
    rf: bool = False,
    key: bytes | None = None,
    printed: bool = False,
    crc: str = "standard",
) -> bytes:
    """Return one whole frame, CR LF included.

    ``params`` and ``items`` make the CP, unless ``cp`` gives it as text; for version
    2005 items go out under their old codes. ``part`` is (PNUM, PNO). ``key`` (16
    bytes) encrypts the CP as 2025 does, ``printed`` in the ``{0x..}`` form. ``crc`` names
    the wrong CRC a device is known to use (``modbus_high_first``, ``modbus_low_first``).
    Raises ValueError for a segment above 9999 bytes or a key of the wrong length.
    """
    if cp is None:
        cp = encode_cp(params or {}, items, version=version)
    head = _head(st, cn, pw, mn, qn, version, needs_ack, part, rf).encode()
    content = cp.encode()
    segment = head + b"CP=&&" + content + b"&&"
    if len(segment) > MAX_LENGTH:
        raise ValueError(f"segment of {len(segment)} bytes, at most {MAX_LENGTH}")
    length, check = b"##%04d" % len(segment), crc_text_as(segment, crc)
    if key is not None:
        if not sm4.valid_key(key):
            raise ValueError("an SM4 key has 16 bytes")
        content = sm4.encrypt(content, key)
        if printed:
            content = sm4.print_form(content)
        segment = head + b"CP=&&" + content + b"&&"
    return length + segment + check + b"\r\n"


def _head(
    st: str,
    cn: str,
    pw: str,
    mn: str,
    qn: str | datetime | None,
    version: int,
    needs_ack: bool,
    part: tuple[int, int] | None,
    rf: bool,
) -> str:
    fields = []
    if qn is not None:
        fields.append(f"QN={format_qn(qn) if isinstance(qn, datetime) else qn}")
    fields += [f"ST={st}", f"CN={cn}", f"PW={pw}", f"MN={mn}"]
    flag = VERSION_BITS[version] | (2 if part else 0) | (1 if needs_ack else 0)
    if flag or qn is not None:
        fields.append(f"Flag={flag}")
    if part:
        fields += [f"PNUM={part[0]}", f"PNO={part[1]}"]
    if rf:
        fields.append("RF=1")
    return ";".join(fields) + ";"


def encode_cp(
    params: Mapping[str, str | datetime], items: Iterable[Item], *, version: int = 2017
) -> str:
    """Return the CP as text: parameters, then items, all joined by ``;``."""
    groups = [
        f"{name}={format_time(value) if isinstance(value, datetime) else value}"
        for name, value in params.items()
    ]
    groups += [encode_item(item, version=version) for item in items]
    return ";".join(groups)


def encode_item(item: Item, *, version: int = 2017) -> str:
    """Return one item as ``code-Suffix=value,…``."""
    code = item.code
    if version == 2005 and code in POLLUTANTS:
        code = POLLUTANTS[code].old_code or code
    pairs = []
    if item.sample_time is not None:
        pairs.append(("SampleTime", format_time(item.sample_time)))
    pairs += item.values.items()
    if item.flag is not None:
        pairs.append(("Flag", item.flag))
    if item.eflag is not None:
        pairs.append(("EFlag", item.eflag))
    return ",".join(f"{code}-{suffix}={value}" for suffix, value in pairs)


def encode_parts(
    *,
    st: str,
    cn: str,
    mn: str,
    qn: datetime,
    params: Mapping[str, str | datetime],
    items: Sequence[Item],
    pw: str = "123456",
    version: int = 2017,
    needs_ack: bool = False,
    rf: bool = False,
    key: bytes | None = None,
) -> list[bytes]:
    """Return the frames that carry these items, split if they are too long for one.

    A CP has at most 950 bytes and a data segment at most 1024 (§6.3.1). Each part is a whole frame with whole items, repeats the parameters, and has a QN
    one millisecond after the part before it (HJ 212-2017 C.49, C.50).
    """
    head = _head(st, cn, pw, mn, qn, version, needs_ack, (99, 99), rf)
    most = min(MAX_CP, MAX_SEGMENT - len(head.encode()) - len("CP=&&&&"))
    groups = list(_fill(params, items, version, most))
    frames = []
    for number, group in enumerate(groups, start=1):
        frames.append(
            encode_frame(
                st=st,
                cn=cn,
                mn=mn,
                pw=pw,
                qn=qn + timedelta(milliseconds=number - 1),
                version=version,
                needs_ack=needs_ack,
                params=params,
                items=group,
                part=(len(groups), number) if len(groups) > 1 else None,
                rf=rf,
                key=key,
            )
        )
    return frames


def _fill(
    params: Mapping[str, str | datetime], items: Sequence[Item], version: int, most: int
) -> Iterator[list[Item]]:
    """Group items so that each group and the parameters take at most ``most`` bytes."""
    start = len(encode_cp(params, (), version=version).encode())
    group: list[Item] = []
    size = start
    for item in items:
        width = len(encode_item(item, version=version).encode()) + 1
        if group and size + width > most:
            yield group
            group, size = [], start
        group.append(item)
        size += width
    yield group


def acknowledge_data(frame: Frame) -> bytes:
    """Return the 9014 that says an upload is stored."""
    return _answer(frame, "9014", {})


def acknowledge_notice(frame: Frame) -> bytes:
    """Return the 9013 that answers a notice."""
    return _answer(frame, "9013", {})


def acknowledge_request(frame: Frame, code: int = 1) -> bytes:
    """Return the 9011 a logger answers a request with (QnRtn, table 6)."""
    return _answer(frame, "9011", {"QnRtn": str(code)})


def report_result(frame: Frame, code: int = 1) -> bytes:
    """Return the 9012 that ends a request (ExeRtn, table 7)."""
    return _answer(frame, "9012", {"ExeRtn": str(code)})


def _answer(frame: Frame, cn: str, params: Mapping[str, str]) -> bytes:
    """Return an answer: same QN and PW, ST=91, no answer asked for (§6.1)."""
    return encode_frame(
        st=SYSTEM_INTERACTION,
        cn=cn,
        mn=frame.mn,
        pw=frame.pw,
        qn=frame.qn,
        version=frame.version,
        params=params,
    )


__all__ = [
    "MAX_CP",
    "acknowledge_data",
    "acknowledge_notice",
    "acknowledge_request",
    "encode_cp",
    "encode_frame",
    "encode_item",
    "encode_parts",
    "report_result",
]
