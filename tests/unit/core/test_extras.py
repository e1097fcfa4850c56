"""Extras: what is missing is named, with the line that installs it."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

import nasbed
from nasbed.core.errors import MissingExtra
from nasbed.core.extras import require


@pytest.mark.parametrize("module", ["matplotlib", "matplotlib.pyplot"])
def test_a_missing_extra_names_its_install_line(monkeypatch, module):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Blocked("matplotlib"), *sys.meta_path])
    with pytest.raises(MissingExtra, match=r"matplotlib is not installed.* pip install 'nasbed\[report\]'") as error:
        require(module, "report")
    assert str(error.value).endswith("or, in a checkout of nasbed: pip install '.[report]'")


class Blocked:
    def __init__(self, package):
        self.package = package

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_what_is_there_is_given():
    assert require("json", "report") is sys.modules["json"]


def test_a_module_whose_own_import_breaks_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "breaks_inside.py").write_text("import surely_not_installed_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="surely_not_installed_anywhere") as caught:
        require("breaks_inside", "report")
    assert not isinstance(caught.value, MissingExtra)


def test_the_page_of_licences_names_every_extra_and_package():
    project = Path(nasbed.__file__).parents[2]
    named = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    page = (project / "docs" / "licences.md").read_text()
    for extra, packages in {"none": named["dependencies"], **named["optional-dependencies"]}.items():
        if extra in ("all", "dev"):
            continue
        row = next(
            line for line in page.splitlines() if line.startswith("| none" if extra == "none" else f"| `{extra}`")
        )
        for package in packages:
            assert re.split("[<>=]", package)[0] in row, f"{package} of {extra}"


def test_what_brings_copyleft_is_not_in_all():
    project = Path(nasbed.__file__).parents[2]
    everything = tomllib.loads((project / "pyproject.toml").read_text())["project"]["optional-dependencies"]["all"]
    assert not {"nevergrad", "pymoo"} & set(re.split(r"[\[,\]]", everything[0]))


def test_the_oldest_versions_that_are_tested_are_those_that_are_allowed():
    project = Path(nasbed.__file__).parents[2]
    named = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    extras = named["optional-dependencies"]
    texts = [*named["dependencies"], *extras["report"], *extras["predictors"]]
    allowed = {text.replace(">=", "==") for text in texts}
    tested = {line for line in (project / ".ci" / "oldest.txt").read_text().splitlines() if not line.startswith("#")}
    assert tested == allowed
