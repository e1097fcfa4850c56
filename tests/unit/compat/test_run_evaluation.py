"""The published evaluation of many modules: its order, shares, patterns, repeats, remainders and recovery."""

import json
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest

from nasbed.compat.nasbench.lib.config import FLAGS
from nasbed.compat.nasbench.scripts import run_evaluation
from nasbed.core.errors import BadSetting, Interrupted, NasbedError

MODELS = {
    "abc": [[[0, 1, 1], [0, 0, 1], [0, 0, 0]], [-1, 0, -2]],
    "abd": [[[0, 1, 0], [0, 0, 1], [0, 0, 0]], [-1, 1, -2]],
    "abe": [[[0, 0, 1], [0, 0, 0], [0, 0, 0]], [-1, 2, -2]],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a models file, and settings of files that nobody reads."""
    (tmp_path / "models.json").write_text(json.dumps(MODELS))
    for name, value in {"train_data_files": "unused", "num_repeats": 1, "remainders_file": ""}.items():
        monkeypatch.setattr(FLAGS, name, value)
    return tmp_path


@pytest.fixture
def training():
    """In the place of the training."""
    with mock.patch.object(run_evaluation, "evaluate") as evaluate:
        evaluate.AbortError = KeyError
        evaluate.train_and_evaluate.return_value = "unused"
        yield evaluate.train_and_evaluate


def worker(place, **settings):
    return run_evaluation.Evaluator(str(place / "models.json"), str(place), **settings)


def trained(training, place):
    """Say what was trained, in order, as hash and repeat."""
    folders = [call.args[2] for call in training.call_args_list]
    names = [folder.removeprefix(f"{place}/ab/").split("/repeat_") for folder in folders]
    return [(module, int(repeat)) for module, repeat in names]


def results(place):
    return sorted(str(path.parent.relative_to(place / "ab")) for path in place.rglob("results.json"))


def test_one_worker_trains_all_by_hash(place, training):
    worker(place).run_evaluation()
    assert trained(training, place) == [("abc", 1), ("abd", 1), ("abe", 1)]
    assert results(place) == ["abc/repeat_1", "abd/repeat_1", "abe/repeat_1"]
    assert json.loads((place / "ab" / "abc" / "repeat_1" / "results.json").read_text()) == "unused"


@pytest.mark.parametrize(("number", "share"), [(0, ["abc", "abe"]), (1, ["abd"])])
def test_workers_take_turns(place, training, number, share):
    worker(place, worker_id=number, total_workers=2).run_evaluation()
    assert trained(training, place) == [(module, 1) for module in share]


def test_a_pattern_is_what_a_hash_begins_with(place, training):
    worker(place, model_id_regex="ab(d|e)").run_evaluation()
    assert trained(training, place) == [("abd", 1), ("abe", 1)]
    assert worker(place, model_id_regex="b").num_models == 0


def test_repeats_come_one_after_another_from_1(place, training, monkeypatch):
    monkeypatch.setattr(FLAGS, "num_repeats", 2)
    worker(place).run_evaluation()
    assert trained(training, place) == [(module, repeat) for repeat in (1, 2) for module in MODELS]


def test_remainders_are_trained_in_their_own_order(place, training, monkeypatch):
    (place / "left.json").write_text(json.dumps([["abe", 1], ["abc", 3], ["abc", 2]]))
    monkeypatch.setattr(FLAGS, "remainders_file", str(place / "left.json"))
    evaluator = worker(place)
    assert (evaluator.num_models, evaluator.ordered_keys) == (3, None)
    evaluator.run_evaluation()
    assert trained(training, place) == [("abc", 2), ("abc", 3), ("abe", 1)]


@pytest.mark.parametrize("entry", [["abc", 0], ["abx", 1]])
def test_remainders_that_are_none_are_refused(place, monkeypatch, entry):
    (place / "left.json").write_text(json.dumps([entry]))
    monkeypatch.setattr(FLAGS, "remainders_file", str(place / "left.json"))
    with pytest.raises(BadSetting, match="is not a model of the models file with a repeat, from 1"):
        worker(place)


def test_a_worker_goes_on_where_it_was(place, training):
    (place / "_recovery").mkdir()
    (place / "_recovery" / "0").write_text("2")
    evaluator = worker(place)
    evaluator.run_evaluation()
    assert trained(training, place) == [("abe", 1)]
    assert (place / "_recovery" / "0").read_text() == "3"
    assert evaluator.recovery_file == str(place / "_recovery" / "0")


def test_another_number_of_workers_does_not_go_on(place):
    worker(place, worker_id=1, total_workers=2)
    with pytest.raises(BadSetting, match="unit 1 is next, which is not that of worker 1 of 1"):
        worker(place, worker_id=1, total_workers=1)


def test_an_aborted_training_is_passed_over_and_any_other_mistake_stops_the_worker(place, training):
    training.side_effect = ["one", KeyError("aborted"), "three"]
    evaluator = worker(place)
    evaluator.run_evaluation()
    assert results(place) == ["abc/repeat_1", "abe/repeat_1"]
    evaluator.current_index, training.side_effect = 0, ["one", BadSetting("no data")]
    with pytest.raises(NasbedError, match="no data"):
        evaluator.run_evaluation()
    assert (place / "_recovery" / "0").read_text() == "1"


def test_an_interrupted_worker_is_where_it_was(place, training):
    training.side_effect = ["one", KeyboardInterrupt]
    with pytest.raises(Interrupted, match="says where the same call goes on"):
        worker(place).run_evaluation()
    assert (place / "_recovery" / "0").read_text() == "1"


def test_results_may_have_arrays(place, training):
    training.return_value = {"logits": np.ones((1, 2), np.float32), "loss": np.float64(0.5)}
    worker(place).run_evaluation()
    assert json.loads((place / "ab" / "abc" / "repeat_1" / "results.json").read_text()) == {
        "logits": [[1.0, 1.0]],
        "loss": 0.5,
    }


def test_checkpoints_and_results_stay_and_all_else_goes(place):
    folder = place / "ab" / "abc" / "repeat_1"
    (folder / "eval").mkdir(parents=True)
    kept = ["model.ckpt-0.index", "model.ckpt-100.index", "results.json"]
    for name in (*kept, "model.ckpt-1.index", "checkpoint", "events.out.tfevents", "eval/events.out.tfevents"):
        (folder / name).write_text("unused")
    worker(place)._clean_model_dir(str(folder))
    assert sorted(path.name for path in folder.iterdir()) == kept


def test_a_module_reaches_the_training_with_the_published_names(place, training):
    worker(place).run_evaluation()
    specs = [call.args[0] for call in training.call_args_list]
    assert [spec.ops for spec in specs] == [
        ["input", "conv3x3-bn-relu", "output"],
        ["input", "conv1x1-bn-relu", "output"],
        ["input", "output"],
    ]
    assert training.call_args.args[1]["num_repeats"] == 1


@pytest.mark.parametrize("model", [[[[0, 1], [0, 0]], [-1, 7, -2]], [[[0, 0], [0, 0]], [-1, -2]], 3])
def test_a_model_that_is_none_stops_the_worker(place, training, model):
    (place / "models.json").write_text(json.dumps({"abc": model}))
    with pytest.raises(NasbedError, match="the model 'abc' "):
        worker(place).run_evaluation()


@pytest.mark.parametrize(("text", "said"), [("[]", "is not a JSON object"), ("{", "is not JSON")])
def test_a_models_file_that_is_none_is_said(place, text, said):
    (place / "models.json").write_text(text)
    with pytest.raises(BadSetting, match=said):
        worker(place)


def test_what_absl_sets_counts(place):
    flagsaver = pytest.importorskip("absl.testing.flagsaver")
    with flagsaver.flagsaver(num_repeats=2):
        assert worker(place).total_work_units == 6
    assert worker(place).total_work_units == 3


def test_a_command_line_says_where_it_fails():
    words = [sys.executable, "-m", "nasbed.compat.nasbench.scripts.run_evaluation", "--models_file", "nowhere.json"]
    ran = subprocess.run(words, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "set --output_dir, the folder where everything is kept\n"
