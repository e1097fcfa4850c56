"""Measured: what a store comes to, with what was given up, tried again or is missing."""

from dataclasses import replace

import numpy as np
import pytest
from factory.campaigns import JOB, MODULES, measured

from nasbed.core.errors import NasbedError
from nasbed.factory.publish import Measured
from nasbed.factory.units import given_up
from nasbed.run.stores.memory import MemoryStore

A, B = MODULES[:2]


def store_of(*units):
    store = MemoryStore()
    for number, (unit, repeats, error) in enumerate(units):
        value = None if repeats is None else {"repeats": repeats}
        record = {"unit": unit, "value": value, "error": error, "attempts": 1, "finished": f"at {number}"}
        store.append(unit, record)
    return store


def columns(found):
    return {one.name: one.values for one in found.given if one.name != "trainable_parameters"}


def test_what_was_given_up_is_nan_and_said():
    job = replace(JOB, together=3)
    store = store_of(
        (f"{A}/1/0", [measured(1, 1), measured(2, 1, "the loss was not finite"), measured(3, 1)], None),
        (f"{B}/2/0", None, "the worker was killed by SIGKILL"),
    )
    found = Measured.collect(store, job)
    results = columns(found)
    values = results["validation_accuracy"]
    np.testing.assert_array_equal(values[job.modules[A], 0], [1 / 7, np.nan, 3 / 7])
    assert np.isfinite(values).sum() == 2
    assert len(results) == 13
    for column in results.values():
        np.testing.assert_array_equal(np.isnan(column), np.isnan(values))
    assert {(f["module"], f["epochs"], f["repeat"]): f["reason"] for f in found.failures} == {
        (A, 1, 1): "the loss was not finite",
        **{(B, 2, r): "the worker was killed by SIGKILL" for r in range(3)},
    }
    assert found.missing == 42 - 6
    summary = {"finished": "at 1", "training_seconds": 4.0, "failures": found.failures, "missing": 36}
    assert found.summary() == summary


def test_a_later_success_stands_and_both_are_kept():
    store = store_of(
        (f"{A}/1/0", [measured(1, 1, "no luck")], None),
        (f"{B}/1/0", [measured(1, 1, "no luck")], None),
        (f"{A}/1/0/1", [measured(1, 1, "still none")], None),
        (f"{B}/1/0/1", [measured(1, 1, "none")], None),
        (f"{A}/1/0/2", [measured(4, 1)], None),
    )
    found = Measured.collect(store, JOB)
    assert columns(found)["validation_accuracy"][JOB.modules[A], 0, 0] == 4 / 7
    assert found.retried == [{"module": A, "epochs": 1, "repeat": 0, "retries": 2}]
    assert found.failures == [{"module": B, "epochs": 1, "repeat": 0, "retries": 1, "reason": "none"}]
    assert [training.retry for training in given_up(store, 1, 3)] == [1]
    assert len(store) == 5


def test_a_campaign_in_which_everything_failed_makes_no_table():
    store = store_of((f"{A}/2/0", None, "out of reach"))
    with pytest.raises(NasbedError, match="nothing to make a table of; the first was given up because: out of reach"):
        Measured.collect(store, JOB)
    with pytest.raises(NasbedError, match="no training has gone well"):
        Measured.collect(MemoryStore(), JOB)
