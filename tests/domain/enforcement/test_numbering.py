"""Document numbers."""

import pytest

from enforcement.domain.numbering import (
    Series,
    TemplateError,
    check_template,
    format_number,
    parse_number,
)


def test_it_works():
    assert format_number(Series("博州", "罚", 2026), 12) == "博州环罚〔2026〕12号"
    branch = Series("博州", "不罚", 2026, branch="精")
    assert format_number(branch, 3) == "博州环（精）不罚〔2026〕3号"


def test_numbers_count_from_one():
    with pytest.raises(ValueError, match="from 1"):
        format_number(Series("博州", "罚", 2026), 0)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{agency}环{kind}〔{year}〕号", "恰有一个 {n}"),
        ("{agency}环{kind}〔{year}〕{n}{n}号", "恰有一个 {n}"),
        ("{agency}环{kind}[{year}]{n}号", "六角括号"),
        ("{office}环{kind}〔{year}〕{n}号", "未知变量：office"),
    ],
)
def test_a_bad_template_is_refused(template, reason):
    with pytest.raises(TemplateError, match=reason):
        check_template(template)


def test_parse_is_the_inverse():
    assert parse_number("博州环（精）罚〔2026〕7号") == ("博州环（精）罚", 2026, 7)
    with pytest.raises(ValueError, match="不是文号"):
        parse_number("博州环罚[2026]7号")


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{kind}〔{year}〕{n}号", ""),
        ("{agency}环〔{year}〕{n}号", "文号模板必须恰有一个 {kind}"),
        ("{kind}{kind}〔{year}〕{n}号", "文号模板必须恰有一个 {kind}"),
        ("{kind}{n}号", "文号模板必须恰有一个 {year}"),
        ("{x}{y}{kind}〔{year}〕{n}号", "文号模板中有未知变量：x、y"),
    ],
)
def test_kind_year_and_number_are_there_once(template: str, reason: str) -> None:
    if reason:
        with pytest.raises(TemplateError) as refusal:
            check_template(template)
        assert str(refusal.value) == reason
    else:
        check_template(template)


def test_the_first_number_is_one() -> None:
    assert format_number(Series("博州", "罚", 2026), 1) == "博州环罚〔2026〕1号"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (" 新环罚〔2025〕第12号 ", ("新环罚", 2025, 12)),
        ("a〔0001〕0号", ("a", 1, 0)),
    ],
)
def test_numbers_of_others_are_read(text: str, parts: tuple[str, int, int]) -> None:
    assert parse_number(text) == parts
