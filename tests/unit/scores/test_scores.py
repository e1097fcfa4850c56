"""Scores as files: what is written is read, to the last bit."""

import math

import numpy as np
import pytest
from scores.scorings import made_up

from nasbed.core.errors import BadSetting, CorruptFile, UnknownName
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.scores.asked import Asked
from nasbed.scores.scores import Scores, from_json, to_json
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201


def made(space, n=7):
    archs = space.enumerate()[:n]
    values = np.array([1 / 3, -1e8, np.nan, 1e300, 5.0, -0.1, 1e-30][:n])
    columns = {"naswot:variant=notebook": values, "params": np.arange(n, dtype=float)}
    return Scores(space, archs, columns, np.full(n, 0.25))


@pytest.mark.parametrize("space", [NASBench201(), NASBench101(vertices=4)], ids=lambda space: space.name)
@pytest.mark.parametrize("form", ["arrow", "csv"])
def test_a_file_gives_back_what_was_written(tmp_path, space, form):
    scores = made(space)
    read = Scores.read(scores.write(tmp_path / f"x.{form}"), space if form == "csv" else None)
    assert read.space == space
    np.testing.assert_array_equal(space.key(read.archs), space.key(scores.archs))
    assert list(read.columns) == list(scores.columns)
    for proxy in scores.columns:
        np.testing.assert_array_equal(read[proxy], scores[proxy])
    np.testing.assert_array_equal(read.seconds, scores.seconds)


def test_a_csv_finds_its_space_by_its_architectures(tmp_path):
    scores = made(NASBench201())
    assert Scores.read(scores.write(tmp_path / "x.csv")).space == NASBench201()


def test_a_csv_is_for_other_programs_too(tmp_path):
    lines = made(NASBench201(), 2).write(tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "architecture,index,naswot:variant=notebook,params,seconds"
    assert lines[1].startswith("|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+")
    assert lines[1].endswith(",0,0.3333333333333333,0,0.25")


def test_an_arrow_file_says_how_it_came_about(tmp_path):
    scores = made_up(tmp_path / "x.arrow", space=NASBench201(), asked=Asked(sample=5))
    read = Scores.read(tmp_path / "x.arrow")
    assert read.about["plan"] == scores.about["plan"]
    assert read.about["plan"]["proxies"] == {"snip": {}}


def test_a_proxy_that_was_not_scored_is_named():
    with pytest.raises(UnknownName, match="Did you mean 'params'"):
        made(NASBench201())["parms"]


def test_a_store_of_something_else_is_refused(tmp_path):
    with SQLiteStore(tmp_path / "x.sqlite") as store:
        store.note("plan", {})
    with pytest.raises(BadSetting, match="is not a store of scores"):
        Scores.read(tmp_path / "x.sqlite")


@pytest.mark.parametrize(
    ("name", "text", "error", "said"),
    [
        ("x.arrow", "hello", CorruptFile, "has no scores"),
        ("x.csv", "", CorruptFile, "is empty"),
        ("x.csv", "architecture,snip\n", CorruptFile, "no rows"),
        ("x.csv", "arch,snip\na,1\n", BadSetting, "a column 'architecture'"),
        ("x.csv", "architecture,snip\nhello,1\n", BadSetting, "of no registered space"),
        ("x.csv", "architecture,snip\na,1,2\n", CorruptFile, "line 2: it has 3 cells where 2 should be"),
        ("x.csv", "architecture,snip\n8:8:8:8:8,much\n", CorruptFile, "line 2: 'much' in snip is no number"),
    ],
)
def test_what_is_no_file_of_scores_is_said(tmp_path, name, text, error, said):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(error, match=said):
        Scores.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadSetting, match="there is no file"):
        Scores.read(tmp_path / "x.csv")


@pytest.mark.parametrize("value", [0.1, -1e8, math.inf, -math.inf, math.nan])
def test_every_number_goes_through_json(value):
    import json

    text = json.dumps(to_json(value), allow_nan=False)
    assert np.array_equal(from_json(json.loads(text)), value, equal_nan=True)
