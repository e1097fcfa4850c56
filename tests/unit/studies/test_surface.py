"""Surface: two swept settings as a heat map, its numbers where they belong."""

import csv
import math
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.report.figures import drawn
from nasbed.studies import Study, Surface
from nasbed.studies.surface import Grid, draw, grid_of

ROWS = [
    {"t": t, "k": k, "test-regret": t + 10 * k, "test-regret-low": t - 1, "test-regret-high": None}
    for t in (3, 1, 2)
    for k in (1, 2)
    if k <= t
]


def test_rows_are_laid_out_where_they_belong():
    grid = grid_of([*ROWS, {"t": None, "k": 1}, {"optimizer": "random"}], "t", "k", "test-regret")
    assert grid.at_x.tolist() == [1, 2, 3]
    assert grid.at_y.tolist() == [1, 2]
    np.testing.assert_array_equal(grid.mean, [[11, 12, 13], [math.nan, 22, 23]])
    assert np.isnan(grid.high).all()
    assert grid.best == (1, 1, 11)
    assert replace(grid, metric="test").best == (3, 2, 23)


def test_a_best_point_is_no_claim_where_others_reach_as_far():
    grid = grid_of(ROWS, "t", "k", "test-regret")  # of which the lower ends are 0, 1, 1, 2 and 2, all below 11
    assert grid.as_good == (5, 5)
    sure = replace(grid, low=grid.mean - 1.5, high=grid.mean + 1.5)
    assert sure.as_good == (2, 5)
    assert replace(sure, metric="test").as_good == (2, 5)
    assert sure.sentence().startswith("best at t 1, k 1: test regret 1100.00; at 2 of 5 points")


def test_points_of_few_runs_have_no_interval_and_the_sentence_and_the_csv_say_so():
    none = np.full((2, 3), np.nan)
    grid = replace(grid_of(ROWS, "t", "k", "test-regret"), low=none, high=none)
    assert grid.sentence().endswith(
        "; the runs give none of the 5 means an interval, and the best of so many is partly luck"
    )
    assert [row["test-regret-low"] for row in csv.DictReader(StringIO(grid.csv()))] == [""] * 5
    some = replace(grid, low=np.where(grid.at_x > 1, grid.mean - 2, np.nan))
    assert some.sentence().endswith("; at 2 of the 4 of 5 points that have one the 95 % interval reaches as far")


def test_the_csv_has_a_row_for_what_was_played():
    rows = list(csv.DictReader(StringIO(grid_of(ROWS, "t", "k", "test-regret").csv())))
    assert [(row["t"], row["k"], row["test-regret"]) for row in rows] == [
        ("1", "1", "11.0"),
        ("2", "1", "12.0"),
        ("3", "1", "13.0"),
        ("2", "2", "22.0"),
        ("3", "2", "23.0"),
    ]


def test_what_is_no_surface_is_refused():
    with pytest.raises(BadSetting, match="no searches vary 't' and 'u'"):
        grid_of(ROWS, "t", "u", "test-regret")
    with pytest.raises(BadSetting, match="several searches have t 3 and k 1"):
        grid_of([*ROWS, ROWS[0]], "t", "k", "test-regret")


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["test-regret", "test"])
def test_it_is_drawn_in_every_form_the_same_each_time(tmp_path, metric):
    x, y = np.arange(1.0, 9), np.arange(1.0, 5)
    mean = np.where(y[:, None] <= x, 0.01 + 0.001 * (x - 5) ** 2 + 0.002 * y[:, None], np.nan)
    grid = Grid("tournament", "selected", metric, x, y, mean, mean, mean)
    names = ["surface.png", "surface.svg", "surface.pdf"]
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths = drawn(draw(grid, "A title"), tmp_path / folder, "surface", ("png", "svg", "pdf"))
        assert [path.name for path in paths] == names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert (tmp_path / "a" / name).stat().st_size > 5_000
    text = (tmp_path / "a" / "surface.svg").read_text()
    assert "A title" in text or "<path" in text


def test_one_point_can_be_drawn(tmp_path):
    grid = grid_of(ROWS[1:2], "t", "k", "test-regret")
    assert drawn(draw(grid, "one"), tmp_path, "one", ["png"])[0].is_file()


def test_a_study_of_two_settings_has_a_surface_without_being_told(tmp_path):
    words = {"name": "sweep", "runs": 3, "keep": "outcomes", "search": {"evaluations": 15}}
    sweep = {"name": "regularized-evolution", "population": [5, 10], "sample": [2, 4]}
    study = Study.of({**words, "optimizers": ["random", sweep]})
    results = study.run(tmp_path, executor="inline")
    assert results.surface == Surface("population", "sample")
    written = [path.name for path in results.report()]
    assert {"surface.png", "surface.svg", "surface.pdf", "surface.csv"} <= set(written)
    grid = results.grids()["digits101"]
    for cell, row in zip(results.done[1:], results.summary[1:], strict=True):
        place = grid.at_y.tolist().index(cell.settings["sample"]), grid.at_x.tolist().index(cell.settings["population"])
        assert grid.mean[place] == row["test-regret"] == results.outcomes(cell)["test-regret"].mean()
    assert not results.comparisons, "there are no courses to draw"


@pytest.mark.slow
def test_whatever_else_varies_has_a_surface_for_each_of_its_values(tmp_path):
    sweep = {"name": "regularized-evolution", "population": [5, 10], "sample": [2, 4]}
    words = {"name": "sweep", "runs": 3, "keep": "outcomes", "search": {"evaluations": 15, "seed": [1, 2]}}
    study = Study.of({**words, "optimizers": ["random", sweep], "surface": {"x": "population", "y": "sample"}})
    results = study.run(tmp_path, executor="inline")
    assert list(results.grids()) == ["digits101 / seed=1", "digits101 / seed=2"]
    assert "surface-digits101-seed=2.svg" in [path.name for path in results.report()]
    narrowed = study.with_grid("sample", [2]).with_grid("seed", [1]).run(tmp_path, executor="inline")
    assert list(narrowed.grids()) == []
