"""Proxies as people type them."""

import pytest

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.registry import proxies
from nasbed.core.spelling import spelled
from nasbed.scores.spelling import read


def test_names_and_settings_are_told_apart_by_their_commas():
    assert read("naswot:variant=notebook, snip,synflow") == {
        "naswot:variant=notebook": ("naswot", {"variant": "notebook"}),
        "snip": ("snip", {}),
        "synflow": ("synflow", {}),
    }
    assert read("grasp:iterations=2,temperature=1.5,snip") == {
        "grasp:iterations=2,temperature=1.5": ("grasp", {"iterations": 2, "temperature": 1.5}),
        "snip": ("snip", {}),
    }


def test_all_are_all_but_those_that_are_always_there():
    assert set(read("all")) == set(proxies) - {"params", "flops"}
    assert list(read("params,snip,flops")) == ["snip"]


def test_one_proxy_may_come_twice_with_different_settings():
    assert len(read("naswot,naswot:variant=notebook")) == 2
    with pytest.raises(BadSetting, match="snip is named twice"):
        read("snip,snip")


def test_a_wrong_name_has_its_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'naswot'"):
        read("naswut")


def test_what_is_no_setting_is_named():
    with pytest.raises(BadSetting, match="'fast' is not a setting; write it as key=value"):
        read("naswot:fast")


def test_a_spelling_is_read_again():
    for called, what in read("naswot:variant=notebook,snip").items():
        assert spelled(*what) == called
