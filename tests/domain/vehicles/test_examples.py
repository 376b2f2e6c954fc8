"""The published examples: readable, complete, and clean by every rule."""

import json
from pathlib import Path

import pytest

from vehicles.domain.codes import Method
from vehicles.domain.fraud.registry import RULES, Checker
from vehicles.domain.fraud.stream import check_lines
from vehicles.domain.inspection.process import REQUIRED_COLUMNS
from vehicles.domain.inspection.read import as_json, read_test

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("method", list(Method))
def test_example_is_complete_and_clean(method):
    data = json.loads((DOCS / f"examples/stations/{method}.json").read_text())
    test = read_test(data)
    assert test.method == method
    assert test.verdict.overall == "pass"
    assert all(test.process.has(name) for name in REQUIRED_COLUMNS[method])
    assert as_json(read_test(as_json(test))) == as_json(test)
    assert list(check_lines([json.dumps(data)], Checker())) == []


def test_guide_names_every_rule():
    guide = (DOCS / "api-stations.md").read_text()
    for code, info in RULES.items():
        for name in info.codes or (code,):
            assert f"`{name}`" in guide


def test_the_example_for_check_tests_has_one_fraud():
    lines = (DOCS / "examples/stations/check_tests.jsonl").read_text().splitlines()
    assert len(lines) == 3
    found = list(check_lines(lines, Checker()))
    assert [(item.report, item.rule) for item in found] == [
        (json.loads(lines[1])["report"], "low_co_co2")
    ]
