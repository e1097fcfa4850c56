"""Differences name leaves, and nothing that is equal."""

from nasbed.core.differences import differences


def test_every_leaf_that_differs_is_named_with_both_values():
    before = {"a": 1, "b": {"c": [1, 2], "d": "x", "gone": None}, "e": {"f": True}}
    now = {"a": 1, "b": {"c": [1, 3], "d": "x"}, "e": 2, "new": 0.5}
    assert differences(before, now) == [
        "b.c was [1, 2], now [1, 3]",
        'e was {"f": true}, now 2',
        "new was null, now 0.5",
    ]
    assert differences(before, before) == []
