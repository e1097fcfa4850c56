"""The door: what would be refused after a search is refused before it, and no history is lost."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from toy import ToyBenchmark

import nasbed
from nasbed.core.errors import BadSetting, NotJudged
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Trials
from nasbed.optimizers.random import RandomSearch
from nasbed.run.history import History


class Plain(Optimizer):
    """A method whose author forgot that settings are fields."""

    def __init__(self, step=3):
        self.step = step

    def reset(self):
        """Nothing is kept."""

    def ask(self):
        return Trials(self.space.sample(self.streams))

    def tell(self, trials, evaluations):
        """Nothing is learned."""


class Taught(RandomSearch):
    """A child of a dataclass with a constructor of its own, whose setting no field has."""

    def __init__(self, teacher):
        self.teacher = teacher
        super().__init__()


@dataclass(eq=False)
class Keyed(RandomSearch):
    """A method with a setting that JSON has no form for."""

    rates: dict = field(default_factory=lambda: {(0, 1): 0.5})


class Told(Plain):
    """A method that says itself what its settings are."""

    def settings(self):
        return {"step": self.step}


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (Plain(), "Plain is no dataclass, .* write @dataclass"),
        (Taught(3), "Taught is no dataclass"),
        (Keyed(), "would not hold the settings of Keyed on toy: keys must be"),
    ],
)
@pytest.mark.parametrize("play", [nasbed.search, lambda method, *rest, **more: nasbed.compare([method], *rest, **more)])
def test_a_method_that_no_history_could_name_is_refused_before_anything_is_asked(method, said, play):
    toy = ToyBenchmark()
    with pytest.raises(BadSetting, match=said):
        play(method, toy, evaluations=5, runs=2)
    assert toy.asked == 0


def test_a_method_may_say_itself_what_its_settings_are():
    assert nasbed.search(Told(), ToyBenchmark(), evaluations=2).info["settings"] == {"step": 3}


class Broken(ToyBenchmark):
    """A benchmark whose test results are asked for in vain."""

    def test(self, archs, epochs=None):
        raise RuntimeError("no such file")


def test_a_history_is_kept_where_the_benchmark_cannot_judge_it(tmp_path):
    with pytest.raises(
        NotJudged, match=r"search is over, but toy could not say .*RuntimeError: no such file"
    ) as caught:
        nasbed.search("random", Broken(), evaluations=5, runs=2)
    path = caught.value.histories[""].to_parquet(tmp_path / "kept.parquet")
    assert np.array_equal(
        History.from_parquet(path).value, nasbed.search("random", ToyBenchmark(), evaluations=5, runs=2).value
    )


def test_all_histories_of_a_comparison_are_kept():
    with pytest.raises(NotJudged) as caught:
        nasbed.compare(["regularized-evolution", "local"], Broken(), evaluations=5, runs=2)
    assert {label: history.steps for label, history in caught.value.histories.items()} == {
        "regularized-evolution": 5,
        "local": 5,
    }


def test_all_methods_of_a_comparison_are_seen_before_the_first_is_played():
    toy = ToyBenchmark()
    with pytest.raises(BadSetting, match="no budget lies from 5 to 6 epochs"):
        nasbed.compare(["local", "hyperband:min_epochs=5,max_epochs=6"], toy, evaluations=5, runs=2)
    assert toy.asked == 0
