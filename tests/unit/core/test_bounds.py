"""Every setting of everything registered is held against its type by one rule."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest

from nasbed.core import registry
from nasbed.core.bounds import Bounds, Chance, Count, Natural, Positive, check, check_settings, kinds_of, number_in
from nasbed.core.errors import BadSetting, NasbedError
from nasbed.run.settings import SearchSettings

NUMBERS = [-1, -0.5, math.nan, math.inf, "7", True, False, [1]]
"""What no setting of nasbed's that is a number may be."""


def wrong_for(kind):
    """Values that a setting of a type may not have."""
    number = number_in(kind)
    wrong = [] if number is None else NUMBERS
    wrong = [*wrong, 2.5, 1e300] if number is int else wrong
    wrong = [*wrong, 0, 1, "true", math.nan] if kind is bool else wrong
    if get_origin(kind) in (Union, UnionType, Annotated):
        words = any(one is str or get_origin(one) is Literal for one in get_args(kind))
    else:
        words = kind is str or get_origin(kind) in (Literal, Mapping)
    return [*wrong, 2.5, True] if words else wrong


def every(*registries):
    """Each wrong value of each setting of everything that is registered: registry, name, setting, value."""
    for registered in registries:
        for name in registered:
            for setting, kind in kinds_of(registered[name]).items():
                for value in wrong_for(kind):
                    yield registered, name, setting, value


def test_a_search_refuses_whatever_is_no_value_of_a_setting_by_name():
    wrong = [(setting, value) for setting, kind in kinds_of(SearchSettings).items() for value in wrong_for(kind)]
    assert len(wrong) > 100
    for setting, value in wrong:
        with pytest.raises(BadSetting, match=setting):
            SearchSettings(**{setting: value})


def test_optimizers_and_proxies_refuse_it_when_they_are_made():
    wrong = list(every(registry.optimizers, registry.proxies))
    assert len(wrong) > 500
    for registered, name, setting, value in wrong:
        with pytest.raises(NasbedError, match=setting.removesuffix("s")):
            registered[name](**{setting: value})


def test_what_is_made_by_name_refuses_it_before_it_is_made():
    named = registry.optimizers, registry.proxies, registry.executors, registry.spaces
    for registered, name, setting, value in every(*named):
        with pytest.raises(BadSetting, match=setting.removesuffix("s")):
            registered.make(name, {setting: value})


def test_every_setting_of_an_optimizer_has_a_type_that_can_be_read():
    made = [registered[name] for registered in (registry.optimizers, registry.proxies) for name in registered]
    assert not {(maker, setting) for maker in made for setting, kind in kinds_of(maker).items() if kind is Any}


@dataclass
class Method:
    count: Count = 1
    natural: Natural | None = None
    chance: Chance = 0.5
    rate: Positive = 1
    share: Annotated[float, Bounds(above=0, below=1)] = 0.5
    factor: Annotated[float, Bounds(above=0, most=1)] = 1
    kind: Literal["one", "two"] = "one"
    flag: bool = False
    word: str = ""
    either: str | int | None = None
    anything: Any = None

    def __post_init__(self):
        check_settings(self)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 0}, "count is a whole number from 1, not 0"),
        ({"count": 1.0}, "count is a whole number from 1, not 1.0"),
        ({"natural": -1}, "natural is a whole number from 0 or none, not -1"),
        ({"chance": 1.1}, "chance is a number from 0 to 1, not 1.1"),
        ({"rate": 0}, "rate is a number above 0, not 0"),
        ({"rate": None}, "rate is a number above 0, not None"),
        ({"share": 1}, "share is a number above 0 and below 1, not 1"),
        ({"factor": 2}, "factor is a number above 0 and at most 1, not 2"),
        ({"kind": "three"}, "kind is one of one, two, not 'three'"),
        ({"flag": 1}, "flag is true or false, not 1"),
        ({"word": None}, "word is text, not None"),
        ({"either": 0.5}, "either is text, a whole number or none, not 0.5"),
    ],
)
def test_it_says_what_was_given_and_what_is_allowed(given, said):
    with pytest.raises(BadSetting) as error:
        Method(**given)
    assert str(error.value) == said


def test_bounds_themselves_numbers_of_numpy_and_what_has_no_type_are_allowed():
    numpy = pytest.importorskip("numpy")
    Method(numpy.int64(1), numpy.int8(0), 0, numpy.float32(0.5), 0.5, 1.0, "two", True, "word", "word", object())
    Method(count=10**400, chance=1, either=3)
    check("any", -1, Any)
    check("any", object(), list)
