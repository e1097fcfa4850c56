"""Random streams of a study: several benchmarks of one space have their own, one benchmark those of a search on it."""

import numpy as np
import pytest
from tables.made_runs import made, table_of

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.report.folder import about
from nasbed.statistics.ranks import average_ranks
from nasbed.statistics.selected import shared_seeds
from nasbed.studies import Study

DIGITS = str(nasbed.benchmark("digits101").table.path)
SHORT = {"name": DIGITS, "recipe": 12}


def study(*benchmarks, **given):
    words = {"runs": 4, "optimizers": ["random", "local"], "search": {"evaluations": 8}}
    return Study.of({**words, "benchmarks": list(benchmarks) or ["digits101"], **given})


def seeds(of):
    return {cell.benchmark: cell.search.seed for cell in of.cells}


def test_one_benchmark_has_the_streams_of_a_search_on_it():
    assert seeds(study(seed=3)) == {"digits101": 3}
    (cell, *_) = study().cells
    assert cell.spec["search"]["seed"] == 0
    assert cell.spec["benchmark"]["name"] == "digits101"


def test_several_of_one_space_have_their_own_whatever_stands_beside_them():
    found = seeds(study("digits101", SHORT, seed=3))
    assert list(found) == ["digits101", "digits101:recipe=12"]
    assert len({3, *found.values()}) == 3
    assert seeds(study(SHORT, "digits101", seed=3)) == found
    third = {"name": "digits101", "pace": 2}
    assert seeds(study(SHORT, third, "digits101", seed=3)).items() > found.items()
    assert not set(seeds(study("digits101", SHORT, seed=4)).values()) & set(found.values())


def test_a_benchmark_of_another_space_changes_nothing(tmp_path):
    path = table_of([made(index) for index in (3, 7, 284)], tmp_path / "cells.arrow").path
    assert seeds(study("digits101", {"name": str(path), "data": "cifar100"})) == {
        "digits101": 0,
        "cells:data=cifar100": 0,
    }


def test_labels_decide_nothing():
    named = study({"name": "digits101", "label": "A"}, {**SHORT, "label": "B"})
    assert list(seeds(named)) == ["A", "B:recipe=12"] or list(seeds(named)) == ["A", "B"]
    assert list(seeds(named).values()) == list(seeds(study("digits101", SHORT)).values())


def test_seeds_that_are_tried_stay_apart_and_are_called_as_they_were_written():
    tried = study("digits101", SHORT, seed=[1, 2])
    assert len({cell.search.seed for cell in tried.cells}) == 4
    assert {cell.group[1] for cell in tried.cells} == {"seed=1", "seed=2"}


def test_a_seed_that_a_study_notes_plays_the_same_search(tmp_path):
    results = study("digits101", SHORT).run(tmp_path, executor="inline")
    cell = next(cell for cell in results.done if cell.benchmark == "digits101" and cell.label == "local")
    kept = results.history(cell)
    again = nasbed.search("local", evaluations=8, runs=4, seed=kept.info["seed"], workers=1)
    np.testing.assert_array_equal(kept.value, again.value)
    comparisons = list(results.comparisons.values())
    assert shared_seeds(comparisons) == ()
    assert average_ranks(comparisons).blocks == 8
    assert average_ranks(comparisons).words == "normalised test regret"


def test_what_is_studied_is_compared_and_said(tmp_path):
    studied = study(search={"evaluations": 8, "epochs": [4, 36], "workers": [1, 2]}, differing=["epochs"])
    results = studied.run(tmp_path, executor="inline")
    assert list(results.comparisons) == ["digits101 / workers=1", "digits101 / workers=2"]
    found = results.comparisons["digits101 / workers=2"]
    assert list(found.histories) == ["random, epochs=4", "local, epochs=4", "random, epochs=36", "local, epochs=36"]
    assert (found.studied, found.reference) == ("epochs", None)
    assert "epochs differing" in found.separated().sentence()
    said = about(found)
    assert said["differing"] == ["epochs"]
    assert "epochs" not in said
    assert said["optimizers"]["local, epochs=4"]["epochs"] == 4
    assert results.surface is None, "two optimizers have a point each"
    assert [row["epochs"] for row in results.summary] == [4, 4, 4, 4, 36, 36, 36, 36], (
        "what was set, not what was spent"
    )


@pytest.mark.slow
def test_the_page_of_a_study_ranks_its_benchmarks_together(tmp_path):
    report = study("digits101", SHORT).run(tmp_path, executor="inline").report()
    assert "over 2 benchmarks (1 is best)" in next(path for path in report if path.name == "report.html").read_text()


@pytest.mark.parametrize(
    ("given", "said"), [(["epoch"], "Did you mean 'epochs'"), (["seed"], "is called 'seed'"), (3, "a list of settings")]
)
def test_what_searches_cannot_differ_in_is_refused(given, said):
    with pytest.raises(BadSetting, match=f"differing: .*{said}"):
        study(differing=given)
