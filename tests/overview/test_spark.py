from bozhou_eco.common.spark import spark


def test_it_works() -> None:
    drawn = spark([1.0, 3.0, 2.0], high=2.5)
    assert drawn.line == "M3 19L46 3L89 11"
    assert drawn.limit == "M0 7H92"
    assert drawn.end == (89.0, 11.0, False)


def test_gap_is_not_bridged() -> None:
    assert spark([1.0, None, 2.0, 2.0]).line.count("M") == 2


def test_over_run_begins_before_the_limit_and_ends_at_the_last_value_over() -> None:
    drawn = spark([1.0, 1.0, 4.0, 4.0], high=2.0)
    assert drawn.over == "M31.7 19L60.3 3L89 3"
    assert drawn.end == (89.0, 3.0, True)


def test_lower_bound_counts() -> None:
    assert spark([900.0, 800.0], low=850.0).end == (89.0, 19.0, True)


def test_far_limit_does_not_flatten() -> None:
    assert spark([1.0, 2.0], high=1000.0).limit == ""


def test_nothing_known() -> None:
    assert spark([None, None], high=5).line == ""
    assert spark([]).end is None
