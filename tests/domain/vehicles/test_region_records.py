"""Files of the record set, and the other side's list for 对账."""

import pytest

from vehicles.domain.region_records import TYPES, as_file, read_held


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.code)
def test_a_file_has_its_columns_and_counts_its_rows(kind) -> None:
    rows = [{kind.key: '甲,"乙"', "unknown": 1}, {kind.key: None}]
    body, count = as_file(kind, rows)
    head, first, *_ = body.decode().split("\n")
    assert count == 2
    assert head.split(",") == [name for name, _ in kind.columns]
    assert '"甲,""乙"""' in first
    assert "unknown" not in body.decode()
    assert as_file(kind, [])[1] == 0
    assert kind.key in dict(kind.columns)


def test_the_list_of_the_other_side() -> None:
    body = "\ufeffreport,outcome,x\nR1,合格,1\n,不合格,2\nR2,,3\n".encode()
    assert read_held(body) == {"R1": "合格", "R2": ""}
    for bad in (b"report\nR1\n", b"outcome\nx\n", b""):
        with pytest.raises(ValueError, match="report、outcome"):
            read_held(bad)
