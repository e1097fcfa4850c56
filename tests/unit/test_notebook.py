"""The published notebook's example: its frames are what the drop-in for ``nasbench`` says, in a third of the lines.

The notebook's loops are written here in our own words: ask, note the budget counters, keep the best by validation.
"""

import random
import re
from pathlib import Path

import numpy as np
import pytest

from nasbed.compat.nasbench import api

PAGE = Path(__file__).parents[2] / "examples" / "notebook.md"
NOTEBOOK = 149
"""Lines of code of https://github.com/google-research/nasbench, ``NASBench.ipynb``; comments and empty lines not
counted."""

CODE = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL))
RESULTS = {"train": "train_accuracy", "validation": "validation_accuracy", "test": "test_accuracy"}


@pytest.fixture(scope="module")
def page():
    """What the page's code leaves."""
    found = {"__name__": "snippets"}
    exec(compile(CODE, str(PAGE), "exec"), found)
    return found


@pytest.fixture(scope="module")
def nasbench(page):
    return api.NASBench(page["benchmark"].table)


def spec_of(page, text):
    graph = page["benchmark"].space.graph(page["benchmark"].space.parse(text))
    return api.ModelSpec(graph.matrix, list(graph.labels))


def of_dropin(nasbench, spec):
    """Say of one module what a row of ``benchmark.frame`` says, as the drop-in answers."""
    fixed, computed = nasbench.get_metrics_from_spec(spec)
    mean = {name: np.mean([one[f"final_{field}"] for one in computed[36]]) for name, field in RESULTS.items()}
    seconds = np.mean([one["final_training_time"] for one in computed[36]])
    return {"hash": spec.hash_spec(nasbench.config["available_ops"]), "seconds": seconds, **mean} | {
        "parameters": fixed["trainable_parameters"]
    }


def test_the_page_has_at_most_a_third_of_the_notebooks_lines():
    assert (
        len([line for line in CODE.splitlines() if line.strip() and not line.lstrip().startswith("#")]) <= NOTEBOOK / 3
    )


def test_the_row_of_one_module_is_what_the_drop_in_says_of_it(page, nasbench):
    row = page["benchmark"].frame(page["cell"], epochs=36).iloc[0]
    told = of_dropin(nasbench, spec_of(page, page["cell"]))
    assert set(row.index) == {*told, "architecture"}
    assert row["hash"] == told.pop("hash")
    np.testing.assert_allclose([row[name] for name in told], list(told.values()), rtol=1e-6)


def test_the_frame_of_all_modules_is_what_the_drop_in_iterates(page, nasbench):
    modules = page["modules"].set_index("hash")
    hashes = list(nasbench.hash_iterator())
    assert set(hashes) == set(modules.index)
    for name in hashes[::50]:
        told = of_dropin(nasbench, api.ModelSpec(**_given(nasbench, name)))
        assert told.pop("hash") == name
        np.testing.assert_allclose(modules.loc[name, list(told)].astype(float), list(told.values()), rtol=1e-6)


def _given(nasbench, name):
    fixed, _ = nasbench.get_metrics_from_hash(name)
    return {"matrix": fixed["module_adjacency"], "ops": fixed["module_operations"]}


def played_by_dropin(page, nasbench, trials):
    """Ask the drop-in for the modules of one run, as the notebook does, drawing the trainings that the run heard of."""
    nasbench.reset_budget_counters()
    best, heard = 0.0, []
    for text, validation, seconds in trials[["architecture", "validation", "seconds"]].itertuples(index=False):
        spec = spec_of(page, text)
        _, computed = nasbench.get_metrics_from_spec(spec)
        drawn = {(one["final_validation_accuracy"], one["final_training_time"]) for one in computed[36]}
        assert (validation, seconds) in drawn
        data = nasbench.query(spec, epochs=36)
        while (data["validation_accuracy"], data["training_time"]) != (validation, seconds):
            nasbench.training_time_spent -= data["training_time"]
            data = nasbench.query(spec, epochs=36)
        best = max(best, data["validation_accuracy"])
        heard.append((nasbench.get_budget_counters()[0], best))
    return np.array(heard).T


@pytest.mark.parametrize("method", ["random", "evolution"])
def test_times_and_best_validations_are_those_of_the_notebooks_loop(page, nasbench, method):
    random.seed(0)
    frame = page["comparison"].histories[method].frame()
    for run in (0, 9):
        trials = frame[frame["run"] == run]
        times, best = played_by_dropin(page, nasbench, trials)
        np.testing.assert_allclose(trials["clock_seconds"], times)
        np.testing.assert_array_equal(trials["incumbent_validation"], best)
        assert times[-1] > 120  # the first time that the budget is exceeded, the notebook stops
        assert times[-2] <= 120


def test_the_test_accuracy_of_an_incumbent_is_the_mean_that_the_drop_in_has(page, nasbench):
    trials = page["trials"]
    for text, tested in trials[["architecture", "test_attached"]].drop_duplicates().iloc[::100].itertuples(index=False):
        assert tested == pytest.approx(of_dropin(nasbench, spec_of(page, text))["test"])


def test_the_figure_is_one(page):
    assert page["figure"].axes[0].get_ylabel() == "validation accuracy (%)"
