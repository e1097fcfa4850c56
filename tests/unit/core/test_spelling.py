"""One grammar: what is written is read again, and names and values may have colons, commas and quotes in them."""

import inspect
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nasbed
from nasbed.core import registry
from nasbed.core.errors import BadSetting
from nasbed.core.registry import defaults_of
from nasbed.core.spelling import fitted, named, pieces, spelled, value, written
from nasbed.nets.data.sources import SOURCES

REGISTRIES = [value for value in vars(registry).values() if isinstance(value, registry.Registry)]
EVERY = [(nouns, name) for nouns in [*REGISTRIES, SOURCES] for name in nouns.builtin if nouns.builtin[name]]
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(PLAIN, st.lists, max_leaves=6)
KEYS = st.from_regex(r"[a-z_][a-z0-9_.]*", fullmatch=True)


@given(VALUES)
def test_a_value_that_is_written_is_read_again(given):
    found = value(written(given))
    assert found == given
    assert type(found) is type(given)


@given(st.from_regex(r"[\w/.:]+", fullmatch=True), st.dictionaries(KEYS, VALUES))
def test_a_name_with_settings_that_is_written_is_read_again(name, settings):
    assert named(spelled(name, settings)) == (name, settings)


@pytest.mark.parametrize(("nouns", "name"), EVERY, ids=lambda one: getattr(one, "noun", one))
def test_the_defaults_of_every_name_are_read_as_they_are_written(nouns, name):
    try:
        maker = nouns[name]
    except ImportError as error:
        pytest.skip(str(error))
    given = {
        key: default
        for key, default in defaults_of(maker).items()
        if inspect.signature(maker).parameters[key].default is not inspect.Parameter.empty
        and isinstance(default, str | int | float | tuple | None)
    }
    read = named(spelled(name, given))[1]
    assert {key: fitted(key, one, given[key]) for key, one in read.items()} == given


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trained:digits:nasbench101", ("trained:digits:nasbench101", {})),
        ("/a:b/c.arrow:data=cifar100,hp=12", ("/a:b/c.arrow", {"data": "cifar100", "hp": 12})),
        ("/a=b/c.arrow", ("/a=b/c.arrow", {})),
        (
            'x:split="a,b=c",size=[1,[2,pay]],max-moves=3',
            ("x", {"split": "a,b=c", "size": [1, [2, "pay"]], "max_moves": 3}),
        ),
        ("x: a = b=c , d=1e3", ("x", {"a": "b=c", "d": 1000.0})),
    ],
)
def test_names_keep_their_colons(text, expected):
    assert named(text) == expected


@given(st.text())
def test_any_text_is_read_or_refused_in_a_sentence(text):
    assert ",".join(pieces(text)) == text
    with suppress(BadSetting):
        name, settings = named(text)
        assert text.startswith(name)
        assert all(settings)


def test_python_reads_what_commands_read():
    assert nasbed.optimizer("local:restarts=3,tabu=2").restarts == 3
    assert nasbed.space("nasbench101:vertices=5") == nasbed.space("nasbench101", vertices=5)
    found = nasbed.search("regularized-evolution:population=20", "digits101", evaluations=3)
    assert found.info["settings"]["population"] == 20
    together = nasbed.compare(["random", "local:restarts=3"], evaluations=3, runs=2)
    assert list(together.histories) == ["random", "local:restarts=3"]
    assert registry.executors.read("processes:workers=2").slots == 2


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("local:restart=3", {}, "the optimizer 'local' has no setting 'restart'; .*Did you mean 'restarts'"),
        ("local:restarts=3", {"restarts": 4}, "'restarts' is given twice"),
        ("local:tabu=1,tabu=2", {}, "'tabu' is given twice"),
        ("local:tabu=much", {}, "tabu is a whole number from 0, not 'much'"),
        ("local:tabu=true", {}, "tabu is a whole number from 0, not True"),
        ("local:tabu=1.5", {}, "tabu is a whole number from 0, not 1.5"),
        ("local:remember=1", {}, "remember is true or false, not 1"),
        ("local:fast", {}, "'fast' is not a setting; write it as key=value"),
    ],
)
def test_what_is_wrong_is_said(text, settings, said):
    with pytest.raises(BadSetting, match=said):
        nasbed.optimizer(text, **settings)


def test_a_number_may_stand_where_a_type_asks_for_one():
    assert nasbed.optimizer("bohb:top_percent=12.5").top_percent == 12.5  # its default is written 15
