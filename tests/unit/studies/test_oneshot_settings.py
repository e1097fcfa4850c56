"""Settings of a one-shot search: files, single fields, and how what is found is trained."""

from dataclasses import replace

import numpy as np
import pytest

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.oneshot import METHODS
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies.oneshot import OneShotSettings, changed_method, known_of
from nasbed.tables.column import Measure
from nasbed.tables.writing import write_table

FILE = """
method = "gdas"
epochs = 7
[settings]
batch = 32
weights.rate = 1
[settings.alphas]
betas = [0.9, 0.99]
[train]
epochs = 3
[train.recipe]
cutout = 2
"""


def test_single_fields_come_before_a_file(tmp_path):
    path = tmp_path / "search.toml"
    path.write_text(FILE)
    found = OneShotSettings.read(path, {"seed": 4, "epochs": None}, ["settings.weights.rate=0.5", "skeleton.cells=2"])
    assert (found.method, found.epochs, found.seed, found.space) == ("gdas", 7, 4, "nasbench201")
    method = changed_method(found.method, found.settings)
    assert (method.batch, method.weights.rate, method.alphas.betas) == (32, 0.5, (0.9, 0.99))
    assert method.weights.momentum == METHODS["gdas"].weights.momentum
    assert found.skeleton == {"cells": 2}
    assert found.train == {"epochs": 3, "recipe": {"cutout": 2}}


def test_a_whole_number_for_a_number_is_the_same_in_every_record():
    assert repr(changed_method("darts", {"weights": {"rate": 1}}).weights.rate) == "1.0"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weights": {"rat": 1.0}}, "no setting of weights is called 'rat'. Did you mean 'rate'?"),
        ({"weights": {"rate": "fast"}}, "settings.weights.rate is a number, not 'fast'"),
        ({"first": "both"}, "settings.first is one of alphas, weights, not 'both'"),
        ({"batch": {"size": 3}}, "settings.batch has no fields; it is 64"),
        ({"alphas": {"rate": 1.0}}, "settings.alphas has no fields; it is None"),
    ],
)
def test_what_is_no_setting_is_refused_with_what_there_is(changes, said):
    with pytest.raises((BadSetting, UnknownName), match=said.replace(".", r"\.").replace("?", r"\?")):
        changed_method("rsps" if "alphas" in changes else "darts", changes)


def test_files_are_refused_with_their_name(tmp_path):
    path = tmp_path / "search.toml"
    for text, said in (
        ("epoch = 3", "Did you mean 'epochs'"),
        ("epochs = [", "in .*search.toml"),
        ("seed = true", "seed is a whole number"),
    ):
        path.write_text(text)
        with pytest.raises(BadSetting, match=said):
            OneShotSettings.read(path)
    with pytest.raises(BadSetting, match="cannot be read"):
        OneShotSettings.read(tmp_path / "none.toml")
    with pytest.raises(BadSetting, match=r"write settings\.NAME=VALUE"):
        OneShotSettings.read(None, {}, ["rate=3"])


def test_the_supernet_and_the_images_are_those_of_trainings():
    search, precision = OneShotSettings(space="nasbench201", data="digits", epochs=1).searched()
    assert (
        search.net.blueprint.settings() | {"channels": 8, "cells": 1, "image_size": 8}
        == search.net.blueprint.settings()
    )
    assert precision == "float32"
    again, _ = OneShotSettings(epochs=1, seed=0, skeleton={"cells": 2, "affine": True}).searched()
    assert (again.net.blueprint.settings()["cells"], again.net.affine) == (2, True)


def test_what_was_found_is_trained_as_published_for_its_space_on_images_of_that_kind():
    searched = OneShotSettings(space="darts:cells=8,channels=16", data="random:size=32,train=60")
    blueprint, recipe, epochs, _ = searched.evaluated()
    assert blueprint.space.settings() == {"cells": 20, "channels": 36}
    assert (blueprint.auxiliary, blueprint.drop_path, recipe.cutout, epochs) == (0.4, 0.2, 16, 600)
    small = OneShotSettings(space="darts:cells=3,channels=4", data="digits", train={"epochs": 2, "recipe": {"crop": 0}})
    blueprint, recipe, epochs, _ = small.evaluated()
    assert blueprint.space.settings() == {"cells": 3, "channels": 4}
    assert (blueprint.auxiliary, recipe.cutout, recipe.crop, epochs) == (0.4, 0, 0, 2)
    for train, said in (({"epoch": 3}, "has no 'epoch'"), ({"space": "nasbench201"}, "other decisions")):
        with pytest.raises(BadSetting, match=said):
            OneShotSettings(space="darts", data="digits", train=train).evaluated()


def test_a_table_says_what_it_has_of_architectures_and_how_many_are_worse(tmp_path):
    space = NASBench201()
    rows = space.enumerate()
    losses = np.arange(len(rows), dtype=float)[:, None]
    measures = {
        Measure("accuracy", "x-test", "cifar100", ("12",), (1,), (12,), axes=("seed",), unit="percent"): losses,
        Measure("loss", "x-valid", "cifar100", ("200",), (1,), (200,), axes=("seed",), unit="nats"): losses,
    }
    known = known_of(write_table(tmp_path / "t.arrow", space, rows, measures), space)(rows[[0, 625]])
    (accuracy, worse), (loss, lower) = known.values()
    assert accuracy.tolist() == loss.tolist() == [0.0, 625.0]
    assert worse.tolist() == [0.0, 625 / 15_625]
    assert lower.tolist() == [15_624 / 15_625, 14_999 / 15_625]
    shares = {replace(measure, unit="fraction"): losses / 2**14 for measure in list(measures)[:1]}
    (told, _), *_ = known_of(write_table(tmp_path / "s.arrow", space, rows, shares), space)(rows[[0, 625]]).values()
    assert told.tolist() == [0.0, 100 * 625 / 2**14]
    part = write_table(tmp_path / "p.arrow", space, rows[:3], dict.fromkeys(measures, losses[:3]))
    values, shares = next(iter(known_of(part, space)(rows[[2, 9]]).values()))
    assert (values[0], shares[0]) == (2.0, 2 / 3)
    assert np.isnan([values[1], shares[1]]).all()
