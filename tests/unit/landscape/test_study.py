"""A study of a landscape: what it says, what it draws, what it leaves in a folder."""

import csv
import json

import numpy as np
import pytest
from toy import ToyBenchmark

from nasbed.core.errors import BadSetting
from nasbed.landscape import figures
from nasbed.landscape.landscape import Landscape
from nasbed.landscape.study import study
from nasbed.spaces.nasbench101 import NASBench101


@pytest.fixture(scope="module")
def found():
    return study(Landscape.of(ToyBenchmark(vertices=4)), lags=6)


def test_values_are_the_benchmarks(found):
    toy = ToyBenchmark(vertices=4)
    np.testing.assert_array_equal(found.landscape.values, toy.query(toy.space.enumerate()).value)
    test = Landscape.of(toy, "test")
    np.testing.assert_array_equal(test.values, found.landscape.values / 2)
    assert (found.landscape.what, test.what) == ("validation accuracy", "test accuracy")


def test_rows_are_the_optima_the_best_first(found):
    rows = found.rows()
    assert rows[0]["value"] == np.nanmax(found.landscape.values)
    assert rows[0]["distance"] == 0
    assert [row["value"] for row in rows] == sorted((row["value"] for row in rows), reverse=True)
    assert sum(row["basin_first_improvement"] for row in rows) == pytest.approx(1)
    for row in rows:
        assert found.landscape.space.index(found.landscape.space.parse(row["architecture"])[None]) == row["index"]


@pytest.mark.slow
def test_a_folder_has_figures_optima_and_everything(found, tmp_path):
    written = found.save(tmp_path / "hills")
    assert {path.name for path in written} == {path.name for path in (tmp_path / "hills").iterdir()}
    assert len(written) == 10
    about = json.loads((tmp_path / "hills" / "landscape.json").read_text())
    assert about == found.as_dict()
    with (tmp_path / "hills" / "optima.csv").open() as file:
        assert len(list(csv.DictReader(file))) == about["local_optima"]["optima"]
    with pytest.raises(BadSetting, match="no folder can be made"):
        found.save(written[0])


def test_figures_show_what_was_found(found):
    line = figures.forgetting(found).axes[0].lines[0]
    np.testing.assert_array_equal(line.get_ydata(), found.walks.rho)
    dots = figures.basins(found).axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(dots[:, 0], 100 * found.landscape.values[found.optima.optima])
    away = figures.approach(found).axes[0].lines[0].get_xdata()
    np.testing.assert_array_equal(away, np.unique(found.distance.distances))
    assert figures.ways_up(found).axes[0].get_ylabel() == "neighbours that are better, %"


@pytest.mark.slow
def test_even_a_plateau_can_be_drawn(tmp_path):
    space = NASBench101(vertices=3)
    study(Landscape.of_values(space, np.full(space.size, 0.5))).save(tmp_path)


def test_what_cannot_be_looked_over_is_refused():
    with pytest.raises(BadSetting, match="validation or test"):
        Landscape.of(ToyBenchmark(vertices=3), "train")
    with pytest.raises(BadSetting, match="does not number its architectures"):
        Landscape.of(ToyBenchmark(vertices=8))
