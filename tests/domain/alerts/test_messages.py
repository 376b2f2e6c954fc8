"""What leaves the platform: type, district, link; odd texts and templates do no harm."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.domain.flood import summarise
from alerts.domain.messages import (
    DEFAULT_TEMPLATE,
    SUMMARY_TEMPLATE,
    TemplateError,
    check_template,
    clean,
    compose,
    compose_summary,
    mask,
    render,
)

LINK = "https://example.invalid/a/x1"


def test_one_alert() -> None:
    message = compose(
        kind="超标预警", district="精河县", severity="critical", time="10:42", link=LINK
    )
    assert message.title == "严重预警 · 精河县"
    assert message.body == (
        "【博州生态环境】严重预警：精河县 超标预警，10:42。请登录查看：" + LINK
    )


def test_several() -> None:
    items = [("critical", "超标预警", "博乐市")] * 2 + [
        ("minor", f"类型{n}", "") for n in range(5)
    ]
    message = compose_summary(summarise(items), link=LINK)
    assert message.title == "严重预警等 7 条"
    assert "严重 2 条、一般 5 条" in message.body
    assert "全州" in message.body
    assert "等 6 类" in message.body
    assert message.body.endswith(LINK)


@pytest.mark.parametrize("template", [DEFAULT_TEMPLATE, SUMMARY_TEMPLATE])
def test_our_templates_hold(template: str) -> None:
    check_template(template)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{subject_name} {link}", "subject_name"),
        ("{kind}", "link"),
        ("{kind {link}", "花括号"),
        ("{link!r}", "格式"),
        ("{link:>10}", "格式"),
        ("{link.__class__}", "link.__class__"),
        ("{} {link}", "第 1 个变量"),
    ],
)
def test_bad_templates_are_refused_with_the_place(template: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why.replace(".", r"\.")):
        check_template(template)


def test_unknown_variables_become_a_dash_and_broken_templates_the_default() -> None:
    assert render("a {nope} {link}", {"link": "L"}) == "a — L"
    assert "L" in render("{broken", {"link": "L"})


def test_control_and_direction_characters_go() -> None:
    assert clean("a\r\nBcc: x\u202eabc\x00\t d") == "a Bcc: x abc d"
    assert clean("长" * 5000) == "长" * 999 + "…"
    assert clean("🔥 <b>") == "🔥 <b>"


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.text())
def test_no_text_breaks_a_message(kind: str, district: str, template: str) -> None:
    message = compose(
        kind=kind,
        district=district,
        severity="info",
        time="00:00",
        link=LINK,
        template=template,
    )
    assert "\n" not in message.body
    assert len(message.body) <= 1000


@pytest.mark.parametrize(
    ("address", "masked"),
    [("13800138000", "138****8000"), ("abc", "***"), ("wx_id1", "w****d1"), ("", "")],
)
def test_mask(address: str, masked: str) -> None:
    assert mask(address) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("abcd", "****"), ("abcde", "a****de"), ("abcdefghi", "a****hi"),
        ("abcdefghij", "abc****ghij"),
    ],
)  # fmt: skip
def test_mask_shows_two_ends_from_five_characters_and_longer_ones_from_ten(
    address: str, masked: str
) -> None:
    assert mask(address) == masked


@pytest.mark.parametrize(
    ("length", "cut"), [(999, 999), (1000, 1000), (1001, 1000), (1500, 1000)]
)
def test_a_line_is_cut_at_a_thousand_characters(length: int, cut: int) -> None:
    line = clean("长" * length)
    assert len(line) == cut
    assert line.endswith("…") is (length > 1000)


@pytest.mark.parametrize(("extra", "dots"), [(0, ""), (1, "…")])
def test_kinds_have_forty_and_districts_twenty_characters(
    extra: int, dots: str
) -> None:
    message = compose(
        kind="类" * (40 + extra),
        district="县" * (20 + extra),
        severity="info",
        time="00:00",
        link=LINK,
        template="{kind}|{district}|{count}|{link}",
    )
    kind, district, count, _ = message.body.split("|")
    assert kind == "类" * (40 - extra) + dots
    assert district == "县" * (20 - extra) + dots
    assert count == "1"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (2, "类0、类1"),
        (3, "类0、类1、类2"),
        (4, "类0、类1、类2等 4 类"),
    ],
)
def test_a_summary_names_three_kinds_and_counts_the_rest(
    names: int, shown: str
) -> None:
    summary = summarise([("info", f"类{n}", "博乐市") for n in range(names)])
    message = compose_summary(summary, link=LINK, template="{kind}|{count}|{link}")
    assert message.body == f"{shown}|{names}|{LINK}"


def test_a_summary_cuts_a_name_at_twenty_characters() -> None:
    summary = summarise([("info", "类" * 21, "县" * 20)])
    message = compose_summary(summary, link=LINK, template="{kind}|{district}|{link}")
    assert message.body == f"{'类' * 19}…|{'县' * 20}|{LINK}"


def test_the_second_variable_is_named_as_the_second() -> None:
    with pytest.raises(TemplateError) as refusal:
        check_template("{kind} {plate} {link}")
    assert str(refusal.value) == (
        "第 2 个变量“plate”不可用，可用的有：count、district、kind、link、severity、time"
    )
