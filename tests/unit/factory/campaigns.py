"""A small campaign whose networks are made up: what a unit measures follows from its arguments."""

import numpy as np
import pytest

from nasbed.factory.generate import generate
from nasbed.factory.job import Job
from nasbed.factory.settings import training_settings
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.spaces.nasbench101 import NASBench101

SPACE = NASBench101(vertices=3)  # 7 modules
SETTINGS = {"budgets": (1, 2), "repeats": 3, "seed": 5}
BLUEPRINT, RECIPE = training_settings(SPACE, "digits")
JOB = Job(BLUEPRINT, "digits", RECIPE, (1, 2), 3, 1, 5, 4)
MODULES = sorted(JOB.modules)


def survey(blueprint, recipe, data, budgets, time_limit, device, together):
    return {
        "precision": recipe.precision,
        "versions": {},
        "data_checksum": "0",
        "images": {"train": 100},
        "warnings": [],
    }


def measured(seed, epochs, failure=None):
    moment = {"training_time": 1.0, "train": [seed % 7, 7], "validation": [seed % 5, 7], "test": [epochs, 7]}
    points = dict.fromkeys(("start", "halfway", "end"), moment) if failure is None else {}
    return {"points": points, "total_time": 2.0, "failure": failure}


class Trainer:
    """Trains nothing, fails where it is told to, and remembers what it was asked."""

    def __init__(self, fails=lambda epochs, repeat, tried: False):
        self.fails, self.asked = fails, []

    def __call__(
        self,
        blueprint,
        row,
        recipe,
        data,
        epochs,
        seed,
        repeats,
        attempts,
        first,
        diagnostics,
        tried,
        device,
        threads,
        time_limit,
        checkpoints,
    ):
        self.asked.append((epochs, first, repeats, tried))
        what = [
            measured(seed + 11 * repeat + 13 * tried, epochs, "no luck" if self.fails(epochs, repeat, tried) else None)
            for repeat in range(first, first + repeats)
        ]
        return {"trainable_parameters": 1, "attempts": [attempts] * repeats, "repeats": what}


def made_up(out, trainer=None, space=SPACE, **settings):
    """Make a table of made up measurements, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nasbed.factory.generate.SURVEY", survey)
        patch.setattr("nasbed.factory.generate.TRAIN", trainer or Trainer())
        given = {**SETTINGS, "executor": "inline", "together": 1, "attempts": 4, "command": "a test", **settings}
        return generate(out, space=space, **given)


def records(store_path):
    with SQLiteStore(store_path, read_only=True) as store:
        return dict(store)


def same_but_for_times(table, other):
    """Two tables agree in all that was not read off a clock."""
    assert list(table.columns) == list(other.columns)
    for name in table.columns:
        there, here = table.column(name).values(), other.column(name).values()
        if name.endswith("time"):
            np.testing.assert_array_equal(np.isnan(there), np.isnan(here))
        else:
            np.testing.assert_array_equal(there, here)
    np.testing.assert_array_equal(table.archs, other.archs)
    np.testing.assert_array_equal(
        table.column("trainable_parameters").stored, other.column("trainable_parameters").stored
    )
    differing = {"command", "sessions", "finished", "training_seconds"}
    mine, yours = ({k: v for k, v in t.provenance.items() if k not in differing} for t in (table, other))
    assert mine == yours
