"""Whatever people hand in, mutated: plates, uploads, rule files, Word templates, tables.

Each parser may take an input or refuse it with its own error; anything else is a crash.
Half of the mutants of archives (.docx, .xlsx) have a part inside changed and the archive
put together again, so that they get past the checks of the container.
"""

import io
import random
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import openpyxl
from docx import Document
from PIL import Image

from alerts.domain.rules import Param, RuleError, read_yaml, write_yaml
from bench.figures import Figure, figure
from bench.mutants import mutate
from bozhou_eco.common.clock import now as present
from bozhou_eco.common.sniff import SniffError, kind_of
from enforcement.papers.word import TemplateError, check_template
from vehicles.domain import plates
from vehicles.domain.inspection.checks import SIGNATURES, fits_type
from vehicles.domain.registration import read_registration
from vehicles.domain.tables import TableError
from vehicles.ingest.tables import read_table

QUICK_S, FULL_S = 4.0, 600.0
SPLICES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"{{", b"}}", b"{%", b"%}",
    b"{{ ''.__class__ }}", b"&x;", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
    b"]]>", b"<w:t>", b"</w:p>", b"- ", b": ", b"*a", b"&a", b"!!python/name:os.system",
    b"1e999", b"-1", b"9" * 400, b"nan", b".inf", b"0x", b"2026-13-45", b"=cmd|' /c'!A1",
    b"\"", b"'", b"\r", b"\n", b"\t", b";", b",", "，".encode(), "新E".encode(),
    "警".encode(), "使".encode(), "挂".encode(), "Ｅ０".encode(), b"\xc4\xcf", b"PK\x03\x04",
    b"PK\x05\x06", b"%PDF-", b"\xff\xd8\xff", b"[" * 300, b"{" * 300, b"a: " * 60,
)  # fmt: skip
RULE = """
- code: high-so2
  name: 二氧化硫持续超标
  kind: exceedance
  severity: major
  scope: {districts: ["652722"], pollutants: [a21026]}
  params: {ratio: 1.2, hours: 3}
  schedule: {days: working, begin: "08:00", end: "20:00"}
  hold_minutes: 10
"""
PARAMS = {
    "exceedance": {"ratio": Param("倍数", 1, 10), "hours": Param("小时", 1, 24)},
}


@dataclass(frozen=True)
class Target:
    """A parser, good inputs to start from, and the errors it may answer with."""

    name: str
    call: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = ()
    archive: bool = False


def changed(rng: random.Random, raw: bytes, others: tuple[bytes, ...]) -> bytes:
    """Return ``raw`` mutated, one time in eight cut short as well."""
    data = mutate(rng, raw, [other for other in others if other], SPLICES)
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.125 else data


def inside(rng: random.Random, raw: bytes) -> bytes:
    """Return an archive with one of its parts mutated, dropped or doubled."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice([n for n in parts if n.endswith((".xml", ".rels"))])
    if rng.random() < 0.1:
        del parts[name]
    else:
        parts[name] = changed(rng, parts[name], tuple(parts.values()))
    out = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if rng.random() < 0.9 else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", kind) as archive:
        for part, body in parts.items():
            archive.writestr(part, body)
    return out.getvalue()


def _plate(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    plates.normalise(text)
    plates.near_key(text)
    plates.is_valid(text)
    plates.parse(text)


def _upload(raw: bytes) -> None:
    for media_type in SIGNATURES:
        fits_type(media_type, raw[:64], raw[-64:])
    kind_of(raw, "x.xlsx" if raw[:2] == b"PK" else "x.jpg")


def _rules(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    found = read_yaml(text, params=PARAMS)
    again = read_yaml(write_yaml(found), params=PARAMS)
    if again != found:
        raise AssertionError("a rule written and read again is another rule")


def _template(raw: bytes) -> None:
    check_template(raw, {"party": "甲", "items": ["一"], "form": {"a": "b"}})


def _table(raw: bytes) -> None:
    read_registration(read_table("x.csv", raw), today=present().date())


def _word_seed() -> bytes:
    document = Document()
    document.add_paragraph("当事人：{{ party }}，{{ form.a }}")
    document.add_paragraph("{% for one in items %}{{ one }}{% endfor %}")
    table = document.add_table(2, 2)
    table.cell(0, 0).text = "{{ party|upper }}"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _excel_seed(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (9, 99, 199)).save(out, form)
    return out.getvalue()


def targets() -> list[Target]:
    """Return every parser with its seeds."""
    rows: list[list[object]] = [
        ["号牌号码", "号牌颜色", "VIN", "燃料", "排放阶段", "初次登记日期", "所有人"],
        ["新E0K73X", "黄", "LSVAU2180N2183294", "柴油", "国四", "2019-05-01", "张三"],
        ["新E12345", "蓝", "LFV2A21K8E4123456", "汽油", "国五", "2020/1/2", "李四"],
    ]
    text = "\r\n".join(",".join(map(str, row)) for row in rows)
    plain = ("新E0K73X", "新ED12345", "京A1234警", "使014578", "新E1234挂", "粤Z1234港")
    office = _excel_seed(rows)
    uploads = (_picture("JPEG"), _picture("PNG"), b"%PDF-1.7\n1 0 obj\n%%EOF\n", office)
    return [
        Target("plate", _plate, tuple(p.encode() for p in plain), (plates.PlateError,)),
        Target("upload", _upload, uploads, (SniffError,)),
        Target("rule", _rules, (RULE.encode(),), (RuleError,)),
        Target("template", _template, (_word_seed(),), (TemplateError,), archive=True),
        Target("csv", _table, (text.encode(), text.encode("gb18030")), (TableError,)),
        Target("excel", _table, (office,), (TableError,), archive=True),
    ]


def fuzz(target: Target, seconds: float, seed: int = 7) -> tuple[int, Counter[str]]:
    """Feed mutants for some processor time; return how many, and what came of them."""
    rng, outcomes, tried = random.Random(seed), Counter[str](), 0
    end = time.process_time() + seconds
    while time.process_time() < end:
        raw = rng.choice(target.seeds)
        if target.archive and rng.random() < 0.6:
            raw = inside(rng, raw)
        else:
            raw = changed(rng, raw, target.seeds)
        tried += 1
        outcomes[_outcome(target, raw)] += 1
    return tried, outcomes


def _outcome(target: Target, raw: bytes) -> str:
    try:
        target.call(raw)
    except target.errors:
        return "refused"
    except Exception as error:  # noqa: BLE001  (finding any is the point)
        told = f"{target.name}: {type(error).__name__}: {error}"[:200]
        print(f"{told}: {raw[:120]!r}", file=sys.stderr)
        return "crashed"
    return "taken"


def run(quick: bool, only: str = "") -> list[Figure]:
    """Fuzz every parser in turn, or the one named."""
    figures: list[Figure] = []
    for target in targets():
        if only not in ("", target.name):
            continue
        tried, outcomes = fuzz(target, QUICK_S if quick else FULL_S)
        name = target.name
        figures += [
            figure(f"{name}_inputs", tried),
            figure(f"{name}_taken", outcomes["taken"]),
            figure(f"{name}_crashed", outcomes["crashed"], "", "=0"),
        ]
    return figures


if __name__ == "__main__":
    for line in run(quick=False, only=sys.argv[1] if len(sys.argv) > 1 else ""):
        print(line)
