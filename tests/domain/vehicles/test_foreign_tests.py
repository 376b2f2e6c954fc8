"""Tests written in other hands' styles: frauds are found, honest ones left alone."""

import json

import pytest

from bench.foreign import STYLES, written
from vehicles.domain.fraud.base import Finding
from vehicles.domain.fraud.registry import Checker
from vehicles.domain.fraud.stream import Unreadable, check_lines


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_frauds_stand_out_in_a_foreign_style(style):
    author = written(style, seed=4, count=120, each=3)
    lines = [json.dumps(test, ensure_ascii=False) for test in author.tests]
    found = {
        (item.report, item.rule)
        for item in check_lines(lines, Checker())
        if isinstance(item, Finding)
    }
    assert len(found & author.truth) >= 0.9 * len(author.truth)
    assert len(found & author.truth) >= 0.8 * len(found)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_honest_tests_alone_raise_next_to_nothing(style):
    author = written(style, seed=5, count=150, each=0)
    lines = [json.dumps(test, ensure_ascii=False) for test in author.tests]
    plants = {"calid_cvn_shared", "environment_copied"}  # planted by at least five
    found = [item for item in check_lines(lines, Checker()) if item.rule not in plants]
    assert len(found) <= 1, found


def test_unreadable_lines_are_named_and_the_rest_is_read():
    good = json.dumps({"session": "a", "method": "vmas", "vehicle": {"fuel": "C"}})
    lines = [b"\xef\xbb\xbf" + good.encode(), b"{", b"[1]", b"{}", b"\xff\xfe", b""]
    found = list(check_lines(lines, Checker()))
    assert [item.line for item in found if isinstance(item, Unreadable)] == [2, 3, 4, 5]
    assert [item.rule for item in found if isinstance(item, Finding)] == ["ev_tailpipe"]
