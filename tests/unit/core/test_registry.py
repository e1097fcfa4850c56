"""Registries: names to places, plug-ins, and errors that help."""

import sys

import pytest

from nasbed.core import registry
from nasbed.core.errors import BadSetting, MissingExtra, NasbedError, UnknownName
from nasbed.core.registry import Registry

PLUGIN = '''
"""A plug-in."""

class Method:
    """Proposes nothing.

    More.
    """

    def __init__(self, patience: int = 3) -> None:
        self.patience = patience
'''


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A package as pip would leave it: a module, and metadata with entry points."""
    (tmp_path / "laws_plugin.py").write_text(PLUGIN)
    info = tmp_path / "laws_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: laws-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[nasbed.optimizers]\nplugged = laws_plugin:Method\nrandom = laws_plugin:Method\n"
        "[nasbed.proxies]\nscore = laws_plugin:Method\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("laws_plugin", None)


def test_every_builtin_name_leads_somewhere_and_has_a_docstring():
    for nouns in (
        registry.spaces,
        registry.benchmarks,
        registry.optimizers,
        registry.stores,
        registry.executors,
        registry.proxies,
    ):
        for name in nouns.builtin:
            assert nouns.describe(name).endswith("."), f"{nouns.noun} {name}"


def test_a_name_that_is_nearly_right_is_guessed():
    with pytest.raises(UnknownName, match=r"no space is called 'nasbench102'\. Did you mean 'nasbench101'"):
        registry.spaces["nasbench102"]
    with pytest.raises(KeyError, match="There are: asha, bananas, bohb, dehb, evolutionary"):
        registry.optimizers.make("xyzzy", {})
    with pytest.raises(NasbedError, match="There are: none"):
        Registry("toy")["anything"]


def test_a_setting_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(BadSetting, match="'regularized-evolution' has no setting 'size'; it has: population, sample"):
        registry.optimizers.make("regularized-evolution", {"size": 3})


def test_a_plugin_adds_names_and_cannot_take_ours(plugin):
    optimizers = Registry("optimizer", dict(registry.optimizers.builtin))
    assert "plugged" in optimizers
    assert "plugged" in list(optimizers)
    assert optimizers.make("plugged", {"patience": 9}).patience == 9
    assert optimizers.describe("plugged") == "Proposes nothing."
    assert optimizers["random"].__module__ == "nasbed.optimizers.random"
    assert "score" in Registry("proxy", plural="proxies")


def test_names_are_not_imported_before_they_are_asked_for(plugin):
    assert "plugged" in list(Registry("optimizer"))
    assert "laws_plugin" not in sys.modules


def test_describing_reads_the_source_and_imports_nothing(plugin):
    assert Registry("optimizer").describe("plugged") == "Proposes nothing."
    assert "laws_plugin" not in sys.modules


def test_describing_what_is_defined_elsewhere_imports_it():
    assert Registry("record", {"path": "os:getcwd"}).describe("path")


def test_a_name_that_is_not_registered_is_not_described():
    with pytest.raises(UnknownName, match="random"):
        registry.optimizers.describe("randon")


def test_code_that_needs_a_package_says_which_is_missing():
    with pytest.raises(MissingExtra, match=r"pip install 'nasbed\[nothing_like_it\]'"):
        Registry("oracle", {"delphi": "json:loads"}, extra="nothing_like_it")["delphi"]
