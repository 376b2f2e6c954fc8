"""Damaged and hostile files are refused in words, never by a crash."""

import contextlib
import io
import random
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from docx import Document

from alerts.domain.rules import RuleError, read_yaml
from bench.fuzz_parsers import PARAMS, RULE, Target, changed, inside, targets
from enforcement.papers.word import TemplateError, check_template, render_word
from vehicles.domain.tables import TableError
from vehicles.ingest.tables import read_table

Archive = Callable[[], bytes]


def word() -> bytes:
    document, out = Document(), io.BytesIO()
    document.add_paragraph("{{ party }}")
    document.save(out)
    return out.getvalue()


def excel() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["号牌号码", "号牌颜色"])
    book.active.append(["新E0K73X", "黄"])
    book.save(out)
    return out.getvalue()


def repacked(raw: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, change(body) if name == part else body)
    return out.getvalue()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "half a part": lambda body: body[: len(body) // 2],
    "not XML": lambda body: b"\xff\xfe\x00" + body,
    "empty": lambda body: b"",
    "unclosed": lambda body: body.replace(b">", b"", 1),
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize(
    "part", ["word/document.xml", "[Content_Types].xml", "word/styles.xml"]
)
def test_a_damaged_template_is_refused(how: str, part: str) -> None:
    content = repacked(word(), part, DAMAGE[how])
    with pytest.raises(TemplateError):
        check_template(content, {"party": "甲"})


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_damaged_workbook_is_refused(how: str, part: str) -> None:
    with pytest.raises(TableError):
        read_table("a.xlsx", repacked(excel(), part, DAMAGE[how]))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(
    ("make", "read", "refusal"),
    [
        (word, lambda content: check_template(content, {}), TemplateError),
        (excel, lambda content: read_table("a.xlsx", content), TableError),
    ],
    ids=["word", "excel"],
)
def test_half_an_upload_is_refused(
    make: Archive,
    read: Callable[[bytes], object],
    refusal: type[Exception],
    share: float,
) -> None:
    raw = make()
    content = raw[: int(len(raw) * share)]
    with pytest.raises(refusal):
        read(content)


def test_an_entity_brings_no_file_in() -> None:
    """``{{ party }}`` stands beside an entity that names a file of the host."""
    content = repacked(
        word(),
        "word/document.xml",
        lambda body: body.replace(
            b"?>", b'?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', 1
        ).replace(b"{{ party }}", b"{{ party }}&x;"),
    )
    with contextlib.suppress(TemplateError):
        filled = render_word(content, {"party": "甲"})
        with zipfile.ZipFile(io.BytesIO(filled)) as archive:
            assert b"root:" not in archive.read("word/document.xml")


def test_a_number_too_large_for_a_rule_is_refused_in_words() -> None:
    text = RULE.replace("ratio: 1.2", "ratio: " + "9" * 400)
    with pytest.raises(RuleError, match="倍数应在"):
        read_yaml(text, params=PARAMS)


@pytest.mark.parametrize("target", targets(), ids=lambda target: target.name)
def test_no_mutant_crashes_a_parser(target: Target) -> None:
    """The first mutants of ``bin/bench fuzz_parsers``, always the same."""
    rng = random.Random(11)
    for seed in target.seeds:
        if target.name != "upload":
            target.call(seed)
    for number in range(60 if target.archive else 400):
        raw = rng.choice(target.seeds)
        hurt = target.archive and number % 2
        raw = inside(rng, raw) if hurt else changed(rng, raw, target.seeds)
        try:
            target.call(raw)
        except target.errors:
            continue
