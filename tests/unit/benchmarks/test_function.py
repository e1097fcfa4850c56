"""A function as a benchmark: what it is called with, what its answers mean, and that its searches go on."""

import os
import signal
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.spaces import Choices

SPACE = {"width": (16, 32, 64), "act": ("relu", None), "depth": (2,)}


def worth(width, act, depth):
    return width * depth + (act is None)


def test_a_function_gets_each_value_by_its_name_and_its_number_is_what_is_searched():
    history = nasbed.search("random:replacement=False", worth, space=SPACE, evaluations=6, executor="inline")
    space = history.space
    told = {
        space.format(arch): float(value) for arch, value in zip(history.archs[:, 0], history.value[:, 0], strict=True)
    }
    assert told == {f"width={w} act={a}": 2 * w + (a == "null") for w in (16, 32, 64) for a in ("relu", "null")}
    assert space.format(history.best[0]) == "width=64 act=null"


def test_a_low_number_is_told_as_its_negative():
    benchmark = nasbed.benchmark(worth, space=SPACE, goal="min", metric="loss", executor="inline")
    assert benchmark.query(benchmark.space.parse("width=32 act=relu")[None]).value.tolist() == [-64.0]
    assert benchmark.measure == "negative loss"


def test_of_other_spaces_a_function_gets_the_text_of_an_architecture():
    texts = []
    history = nasbed.search("random", lambda cell: texts.append(cell) or len(cell), space="nasbench201", evaluations=4)
    assert texts == [history.space.format(arch) for arch in history.archs[:, 0]]


def test_a_function_that_takes_a_seed_is_given_another_each_time_that_is_paid_for():
    seeds = []
    space = {"a": (1, 2)}
    nasbed.search("random", lambda a, seed: seeds.append(seed) or a, space=space, evaluations=8, duplicates="pay")
    assert len(set(seeds)) == 8


@pytest.mark.parametrize("failing", [lambda a: 1 / 0, lambda a: "much", lambda a: None, lambda a: float("nan")])
def test_what_raises_or_is_no_number_has_failed(failing):
    history = nasbed.search("random", failing, space={"a": (1, 2)}, evaluations=3)
    assert np.isnan(history.value).all()


def test_a_history_names_why_the_first_evaluation_failed():
    history = nasbed.search("random", lambda a: 1 / 0, space={"a": (1, 2)}, evaluations=3)
    assert "ZeroDivisionError" in repr(history)


@pytest.mark.parametrize(
    ("function", "space", "says"),
    [
        (worth, None, "say which"),
        (worth, {"a": 5}, "in brackets"),
        (worth, {"a": "relu"}, "in brackets"),
        (worth, {"a": (5,)}, "something to decide"),
        (worth, {"a": ()}, "in brackets"),
        ("digits101", {"a": (1, 2)}, "space of its own"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_sentence(function, space, says):
    with pytest.raises(BadSetting, match=says):
        nasbed.search("random", function, space=space, evaluations=3)


def test_a_space_of_choices_comes_back_from_its_description():
    space = Choices(SPACE)
    again = nasbed.space("choices", **space.settings())
    assert again == space
    assert again.chosen(again.parse("width=64 act=null")) == {"width": 64, "act": None, "depth": 2}


EIGHT_LINES = """
    import sys, time, nasbed
    def worth(width, depth, rate):
        print("called", flush=True)
        time.sleep(float(sys.argv[2]))
        return width * depth - rate
    space = {"width": (16, 32, 64), "depth": (1, 2, 3), "rate": (0.1, 0.01)}
    history = nasbed.search("local", worth, space=space, evaluations=10, seed=3, store=sys.argv[1])
    print(history.value[:, 0].tolist())
"""


@pytest.mark.slow
def test_a_function_of_three_choices_is_killed_and_resumed_in_eight_lines(tmp_path):
    script = tmp_path / "own.py"
    script.write_text(dedent(EIGHT_LINES).strip())
    assert len(script.read_text().splitlines()) <= 8

    def command(store, seconds):
        return [sys.executable, str(script), str(tmp_path / store), seconds]

    whole = subprocess.run(command("whole.db", "0"), check=True, capture_output=True, text=True).stdout.splitlines()
    with subprocess.Popen(command("killed.db", "0.2"), stdout=subprocess.PIPE, text=True) as killed:
        for _ in range(4):
            killed.stdout.readline()
        os.kill(killed.pid, signal.SIGKILL)
    rest = subprocess.run(command("killed.db", "0"), check=True, capture_output=True, text=True).stdout.splitlines()
    assert rest[-1] == whole[-1]
    assert 0 < rest.count("called") < whole.count("called")


def test_a_store_of_another_function_is_refused(tmp_path):
    store = tmp_path / "own.db"
    space = {"a": (1, 2, 3)}
    nasbed.search("random", lambda a: a, space=space, evaluations=3, store=store)
    with pytest.raises(BadSetting, match="source"):
        nasbed.search("random", lambda a: 2 * a, space=space, evaluations=3, store=store)


def test_a_function_that_can_be_imported_is_called_in_workers(tmp_path, monkeypatch):
    (tmp_path / "own_function.py").write_text("import os\n\ndef process(a):\n    return os.getpid()\n")
    monkeypatch.syspath_prepend(tmp_path)
    from own_function import process

    history = nasbed.search("random", process, space={"a": (1, 2)}, evaluations=2, workers=1)
    assert not np.isnan(history.value).any()
    assert os.getpid() not in history.value[:, 0]
