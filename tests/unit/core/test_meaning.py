"""Meaning: what settings are is written once, and read wherever it is said."""

import json
import pydoc
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import pytest

import nasbed
from nasbed.cli import main
from nasbed.core.errors import BadSetting
from nasbed.core.meaning import meanings, settings_of
from nasbed.core.registry import NOUNS
from nasbed.nets.data.sources import SOURCES

NAMED = [(noun, name) for noun, names in {**NOUNS, "data": SOURCES}.items() for name in names]

Way = Literal["up", "down"]


@dataclass
class Climber:
    """Climbs.

    Attributes:
        steps: How many steps, which may take
            two lines to say.
        way: ``"up"`` or ``"down"``.
    """

    steps: int
    way: Way = "up"
    rest: float | None = None


@dataclass
class Sherpa(Climber):
    """Climbs with a load.

    Attributes:
        load: Kilograms.
        way: Where the load is wanted.
    """

    load: float = 20.0


def test_settings_are_read_from_signature_types_and_docstring():
    steps, way, rest = settings_of(Climber)
    assert steps == ("steps", "(required)", "a whole number", "How many steps, which may take two lines to say.")
    assert way == ("way", "up", "one of up, down", '"up" or "down".')
    assert rest == ("rest", "None", "a number or none", "")


def test_a_class_says_what_its_parents_say_unless_it_says_otherwise():
    assert meanings(Sherpa) == {**meanings(Climber), "load": "Kilograms.", "way": "Where the load is wanted."}


@pytest.mark.parametrize(("noun", "name"), NAMED)
def test_each_setting_of_what_has_a_name_has_a_meaning(noun, name):
    for setting in settings_of({**NOUNS, "data": SOURCES}[noun][name]):
        assert setting.meaning.endswith("."), setting
        assert setting.allowed


def test_help_says_each_name_and_setting():
    said = pydoc.render_doc(nasbed.optimizer, renderer=pydoc.plaintext)
    for name in NOUNS["optimizers"]:
        assert f"{name}: " in said
        for setting in settings_of(NOUNS["optimizers"][name]):
            assert f"{setting.name} = {setting.default}" in said
    assert "How many of the latest trials are alive." in said


def test_names_are_those_that_the_command_lists(capsys):
    with suppress(SystemExit):
        main(["list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert nasbed.names() == listed
    assert nasbed.names("proxies") == listed["proxies"]
    assert "random" in nasbed.names("optimizers")


def test_another_noun_is_told_which_there_are():
    with pytest.raises(BadSetting, match=r"no noun is called 'optimizer'. There are: benchmarks, data, .*, stores"):
        nasbed.names("optimizer")


def test_only_public_names_are_shown():
    assert set(dir(nasbed)) == {*nasbed.__all__, "__version__"}
