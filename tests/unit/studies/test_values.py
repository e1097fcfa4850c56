"""Values: lists, ranges, words of a command line, and conditions between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.spelling import named, value
from nasbed.studies.values import Condition, grid_of, values_of


@given(st.integers(-50, 50), st.integers(0, 60), st.integers(1, 9))
def test_a_range_is_what_python_counts_with_both_ends(first, more, step):
    last = first + more
    assert values_of(f"{first}..{last}..{step}") == list(range(first, last + 1, step))
    assert values_of(f"{first} .. {last}") == list(range(first, last + 1))


def test_lists_keep_their_order_and_may_have_ranges_in_them():
    assert values_of([5, "1..3", "pay", True, 0.5]) == [5, 1, 2, 3, "pay", True, 0.5]
    assert values_of("pay") == ["pay"]


@pytest.mark.parametrize("given", ["9..1", "1..9..0", [], [3, "1..3"], [1, 1], "0..999999999"])
def test_what_cannot_be_meant_is_refused(given):
    with pytest.raises(BadSetting):
        values_of(given)


def test_one_and_true_are_not_the_same_value():
    assert values_of([1, True]) == [1, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30", 30), ("-1", -1), ("0.5", 0.5), ("1e3", 1e3), ("true", True), ("False", False), ("none", None)]
    + [(word, word) for word in ("pay", "1..3", "a b", "[1", "2020-01-01", "'x'")],
)
def test_words_are_what_they_look_like(text, expected):
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_a_grid_has_a_key_and_values():
    assert grid_of("sample=2,5..9..2,20") == ("sample", [2, 5, 7, 9, 20])
    assert grid_of("local.max-moves = pay,free") == ("local.max_moves", ["pay", "free"])
    for wrong in ("sample", "sample=", "=3"):
        with pytest.raises(BadSetting, match="key=a,b,c"):
            grid_of(wrong)


def test_a_name_may_have_settings():
    assert named("local") == ("local", {})
    assert named("evolution:population=30,sample=1..3") == ("evolution", {"population": 30, "sample": "1..3"})
    assert named("scored:file.sqlite:naswot") == ("scored:file.sqlite:naswot", {})
    for wrong in ("evolution:population=30,sample", "evolution:a=1,a=2"):
        with pytest.raises(BadSetting):
            named(wrong)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a <= b", True),
        ("a<b", True),
        ("a > b", False),
        ("a >= 2", True),
        ("b == 3", True),
        ("b!=3", False),
        ("kind == pay", True),
        ("kind != pay", False),
    ],
)
def test_conditions_compare(text, holds):
    assert Condition.of(text, ["a", "b", "kind"]).holds({"a": 2, "b": 3, "kind": "pay"}) is holds


def test_conditions_are_no_programs_and_name_keys_that_there_are():
    for wrong in ("a", "a <= b <= c", "__import__('os')", "a + 1 < b", 3):
        with pytest.raises(BadSetting, match="KEY <= KEY"):
            Condition.of(wrong, ["a", "b", "c"])
    with pytest.raises(UnknownName, match="Did you mean 'selected'"):
        Condition.of("selectd <= 3", ["selected"])
    with pytest.raises(BadSetting, match="no order"):
        Condition.of("a < b", ["a", "b"]).holds({"a": None, "b": 3})
