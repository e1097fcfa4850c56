"""Reproduction: what is within a tolerance, and what the named studies are."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.rng import Streams
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies import nasbench201_baselines as baselines
from nasbed.studies.reproduction import STUDIES, Line, Spreads, described, reproduce


def test_a_figure_is_within_its_tolerance_up_to_its_edge():
    assert Line("", 91.44, 91.36, 0.08).within
    assert Line("", 91.28, 91.36, 0.08).within
    assert not Line("", 91.4401, 91.36, 0.08).within
    assert not Line("", float("nan"), 91.36, 0.08).within


def test_what_is_not_of_the_same_thing_is_not_compared():
    assert Line("", 90.0, 94.0, None).within
    assert Line("", None, 94.0, 0.01).difference is None
    assert not Line("", 90.0, 90.0, 0.01, spreads=Spreads(0.5, 0.6)).within
    assert Line("", 90.0, 90.0, 0.01, spreads=Spreads(0.5, None)).within


def test_every_study_says_what_it_is():
    assert list(STUDIES) == [
        "nasbench201-baselines",
        "guided-nasbench201",
        "predictors-nasbench201",
        "predictors-nasbench101",
        "oneshot-nasbench201",
        "digits101-card",
    ]
    for name in STUDIES:
        assert described(name).endswith(".")


def test_unknown_studies_and_too_few_runs_are_refused():
    with pytest.raises(UnknownName, match="Did you mean 'digits101-card'"):
        reproduce("digits101-cart")
    with pytest.raises(BadSetting, match="2 runs"):
        reproduce("digits101-card", runs=1)
    with pytest.raises(BadSetting, match="needs no --data"):
        reproduce("digits101-card", data="x.csv")


def test_without_its_data_a_study_says_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path))
    with pytest.raises(BadSetting, match=r"fetch seed888_test_accuracy\.csv, then give --data PATH"):
        reproduce("nasbench201-baselines")
    with pytest.raises(BadSetting, match="there is no file"):
        reproduce("nasbench201-baselines", data=tmp_path / "none.csv")


def test_the_card_is_what_comes_out():
    found = reproduce("digits101-card")
    assert found.within
    assert len(found.lines) == 33
    assert all(abs(line.difference) < 0.02 for line in found.lines)


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A file of the published form whose numbers are made up."""
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    space, random = NASBench201(), np.random.default_rng(0)
    rows = [
        f"{space.format(arch)},{random.uniform(80, 91):.2f},{random.uniform(50, 73):.2f},{random.uniform(20, 47):.2f}"
        for arch in space.enumerate()
    ]
    path = tmp_path / "seed888_test_accuracy.csv"
    path.write_text("\n".join(["architecture,cifar10,cifar100,ImageNet16-120", *rows]))
    return path


@pytest.mark.slow
def test_other_numbers_are_not_the_published_ones(made_up):
    found = reproduce("nasbench201-baselines", data=made_up, runs=5)
    assert not found.within
    assert len(found.lines) == 3 * (3 * 3 + 3 + 3)
    exact = [line for line in found.lines if "−" in line.what]
    assert all(abs(line.ours) < 3 for line in exact), "random search keeps its closed form on any numbers"
    again = reproduce("nasbench201-baselines", runs=5)  # what was imported is found again
    assert again.lines == found.lines


def test_the_studys_space_tells_all_strings_apart_and_mutates_all_edges_alike():
    space = baselines.EachStringAlone()
    archs = space.enumerate()
    assert len(np.unique(space.key(archs))) == 15_625
    assert len(np.unique(NASBench201().key(archs))) == 6_466
    parents = np.repeat(archs[777:778], 24_000, axis=0)
    children = space.mutate(parents, Streams.from_seed(0, 24_000))
    changed = (children != parents).sum(axis=0)
    assert changed.sum() == 24_000
    assert np.abs(changed - 4_000).max() < 5 * np.sqrt(4_000 * 5 / 6)
