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
