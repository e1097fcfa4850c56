"""Areas under regret curves: by hand, on both axes, and where they begin and end."""

import json

import numpy as np
import pytest
from made_runs import comparison

from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.statistics.anytime import anytime_areas


def test_on_a_linear_axis_every_evaluation_counts_alike():
    made = comparison({"a": [[0.5, 0.75, 1.0, 1.0], [0.0, 0.0, 0.0, 0.5]]})
    found = anytime_areas(made, axis="linear")
    np.testing.assert_allclose(found.areas["a"], [(0.5 + 0.25) / 4, 3.5 / 4])
    assert (found.start, found.end) == (1, 4)
    assert found.means["a"].value == pytest.approx(17 / 32)


def test_on_a_logarithmic_axis_every_doubling_does():
    found = anytime_areas(comparison({"a": [[0.5, 0.75, 1.0]]}))
    by_hand = (0.5 * np.log(2 / 1) + 0.25 * np.log(3 / 2)) / np.log(4)
    assert found.areas["a"] == pytest.approx(by_hand)
    assert "on a log axis, a has the best mean test regret: 42.97 points." not in found.sentence()
    assert f"{100 * by_hand:.2f} points" in found.sentence()


def test_on_time_what_was_found_holds_until_the_next_is_done():
    found = anytime_areas(comparison({"a": [[0.5, 1.0, 1.0]]}, seconds=10.0), against="seconds", axis="linear")
    assert (found.start, found.end) == (10, 30)
    assert found.areas["a"] == pytest.approx(0.5 * 10 / 20)


@pytest.mark.parametrize("axis", ["linear", "log"])
@pytest.mark.parametrize("against", ["evaluations", "seconds", "epochs"])
def test_a_constant_regret_is_its_own_area_and_better_is_less(landscape, axis, against):
    same = comparison({"a": np.full((3, 7), 0.25)})
    np.testing.assert_allclose(anytime_areas(same, against=against, axis=axis).areas["a"], 0.75)
    real = compare(["random", "local"], landscape, runs=12, evaluations=20)
    worst = max(history.metric("test-regret").max() for history in real.histories.values())
    for areas in anytime_areas(real, against=against, axis=axis).areas.values():
        assert ((areas >= 0) & (areas <= worst)).all()


def test_the_area_is_the_mean_of_a_fine_curve(landscape):
    real = compare(["random"], landscape, runs=5, evaluations=20)
    found = anytime_areas(real, against="seconds", axis="linear")
    at = np.linspace(found.start, found.end, 200_001)
    fine = real.histories["random"].curve("test-regret", "seconds", at)[1]
    np.testing.assert_allclose(found.areas["random"], fine.mean(axis=1), rtol=1e-4)


def test_all_begin_when_the_last_has_its_first_result_and_lost_runs_do_not_count():
    nan = np.nan
    found = anytime_areas(comparison({"a": [[nan, 0.5, 1.0], [nan] * 3], "b": [[0.0, 0.5, 0.5]] * 2}), axis="linear")
    assert found.start == 2
    assert found.lost == {"a": 1, "b": 0}
    assert found.areas["a"] == pytest.approx([0.25])
    np.testing.assert_allclose(found.areas["b"], 0.5)


def test_another_metric_can_be_summed_up():
    found = anytime_areas(comparison({"a": [[0.5, 0.5]], "b": [[0.7, 0.7]]}), "validation")
    assert "b has the best mean validation accuracy: 70.00 %" in found.sentence()


def test_what_cannot_be_said_is_said():
    for made, said in (
        (comparison({"a": [[np.nan, np.nan]]}), "there is no area"),
        (comparison({"a": [[0.5, 0.5]]}, optimum=np.nan), "Nobody knows the optimum of made"),
        (comparison({"a": [[0.5]], "b": [[0.6]]}, seconds=0.0), None),
    ):
        for against in ("evaluations", "seconds"):
            found = anytime_areas(made, against=against)
            assert said is None or said in found.sentence()
            json.dumps(found.as_dict(), allow_nan=False)
            assert len(found.cells()[1]) == len(made.histories)
    with pytest.raises(BadSetting, match="linear or log"):
        anytime_areas(made, axis="square")


def test_a_logarithmic_axis_that_would_begin_at_nothing_is_no_axis():
    free = comparison({"a": [[0.5, 0.6]], "b": [[0.5, 0.7]]}, seconds=np.array([[0.0], [5.0]]))
    assert "logarithmic axis" in anytime_areas(free, against="seconds").missing
    assert anytime_areas(free, against="seconds", axis="linear").missing is None
