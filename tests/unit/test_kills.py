"""Every command that takes long, killed at random moments and given again, comes to what an undisturbed one comes to.

Nothing is lost, doubled or left behind. ``pytest -m slow -s`` prints how often each was killed.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from factory.campaigns import made_up, same_but_for_times
from processes import records
from tables.made_runs import folder_of, made
from tables.published import file_of
from tables.published import records as published_records

from nasbed.factory.selection import Selection
from nasbed.run.history import History
from nasbed.tables.table import Table

pytestmark = pytest.mark.slow

AT_LEAST = 100
TORCH = ("torch", "safetensors.torch", "torch.utils.tensorboard", "sklearn.datasets")
CAMPAIGN = {
    "nasbed.factory.generate:SURVEY": "factory.campaigns:survey",
    "nasbed.factory.generate:TRAIN": "killing:train",
}
SCORING = {"nasbed.scores.campaign:SURVEY": "scores.scorings:survey", "nasbed.scores.campaign:SCORE": "killing:score"}
GENERATE = "generate --vertices 3 --budgets 1,2 --repeats 3 --together 1 --seed 5 --attempts 4 --executor inline"
SAMPLE = "generate nasbench201 --sample 6 --unique --budgets 2 --repeats 2 --together 1 --seed 5 --executor inline"
SEARCH = "search random --epochs 1 --seed 3 --executor inline --out h.parquet --store s.sqlite --evaluations"
SMALL = "--set skeleton.stacks=1 --set recipe.batch_size=100"
CASES = {
    "import of a TFRecord": (12, "import ../small.tfrecord --out t.arrow", {}, ()),
    "import of a folder": (12, "import ../NATS-tss-v1_0-3ffb9-simple --out t.arrow", {}, ()),
    "import of a folder, in processes": (
        4,
        "import ../NATS-tss-v1_0-3ffb9-simple --out t.arrow",
        {"nasbed.tables.nats_import:AT_ONCE": "killing:DEATHS"},
        (),
    ),
    "generate": (12, f"{GENERATE} --out t.arrow", CAMPAIGN, ()),
    "generate a sample": (6, f"{SAMPLE} --out t.arrow", CAMPAIGN, ()),
    "merge": (12, "merge ../w.worker-0-of-2.sqlite ../w.worker-1-of-2.sqlite --out t.arrow", {}, ()),
    "score": (
        12,
        "score nasbench201 --proxies snip --sample 40 --seed 5 --executor inline --out s.csv",
        SCORING,
        (),
    ),
    "study": (
        12,
        "study random local --runs 12 --evaluations 5 --executor inline --keep outcomes --out made",
        {"nasbed.studies.study:PLAY": "killing:play"},
        (),
    ),
    "compare": (4, "compare random local --runs 5 --evaluations 5 --out made --forms svg", {}, ()),
    "export": (12, "export digits101 d.tfrecord", {}, ()),
    "enumerate": (12, "enumerate nasbench201 --out a.csv", {}, ()),
    "search on trainings": (6, f"{SEARCH} 5 --benchmark trained:digits:nasbench101 {SMALL}", {}, TORCH),
    **{
        f"search on trainings of {space}": (2, f"{SEARCH} 3 --benchmark trained:digits:{space}", {}, TORCH)
        for space in ("nasbench201", "natssize", "nasbenchmacro")
    },
    "search on scores": (6, f"{SEARCH} 8 --benchmark scored:naswot:nasbench201:digits", {}, TORCH),
    "search with a supernet": (
        6,
        "oneshot gdas --epochs 3 --set settings.batch=50 --set skeleton.channels=2 --forms svg --out made",
        {},
        TORCH,
    ),
    "train a cell": (2, "train 9930 --space nasbench201 --epochs 2 --every 1 --out made", {}, TORCH),
    "train": (
        6,
        "train 011/001/000:conv3x3 --set recipe.batch_size=50 --epochs 4 --every 1 --out made",
        {},
        TORCH,
    ),
}


@pytest.fixture(scope="module")
def tally():
    """How often each command was killed; there are enough at the end."""
    found = {}
    yield found
    rows = [
        f"{name:<34} killed {kills:3} times, ended {ended:3} times, {seconds:5.2f} s"
        for name, (kills, ended, seconds) in found.items()
    ]
    total = sum(kills for kills, *_ in found.values())
    print("\n" + "\n".join(rows) + f"\n{total} kills in all")
    assert len(found) < len(CASES) or total >= AT_LEAST


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """What the commands read."""
    folder = tmp_path_factory.mktemp("sources")
    file_of(folder / "small.tfrecord", published_records())
    folder_of([made(index) for index in (0, 1, 2, 3, 5, 8, 11, 15624)], folder / "NATS-tss-v1_0-3ffb9-simple")
    for worker in (0, 1):
        made_up(folder / "w.arrow", selection=Selection(worker=worker, of=2))
    return folder


@pytest.mark.parametrize("name", CASES)
def test_a_command_that_is_killed_and_given_again_comes_to_the_same(tmp_path, sources, tally, name):
    kills, words, patches, imports = CASES[name]
    if imports and find_spec("torch") is None:
        pytest.skip("needs nasbed[torch]")
    for path in sources.iterdir():
        (tmp_path / path.name).symlink_to(path)
    case = {"folder": str(tmp_path), "words": words.split(), "patches": patches, "kills": kills, "seed": len(name)}
    case |= {"imports": ["nasbed.cli", *imports], "warm": not imports}
    place = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "killing", json.dumps(case)], capture_output=True, text=True, env=place, timeout=580
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout)
    tally[name] = found["kills"], found["ended"], found["seconds"]
    whole, *others = [tmp_path / "whole", *(tmp_path / f"ended-{number}" for number in range(found["ended"]))]
    for other in others:
        assert contents(other) == contents(whole)
        for path in contents(whole):
            same(other / path, whole / path)
        assert "Traceback" not in other.with_suffix(".said").read_text()
        shutil.rmtree(other)


def contents(folder):
    """Name every file, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and not clocked(path))


def clocked(path):
    """Say whether a file is named after the time at which it was written."""
    return path.name.startswith("events.out.tfevents")


def same(one, other):
    """Two files are the same but for times and what was typed when."""
    if one.read_bytes() == other.read_bytes():
        return
    if one.suffix == ".sqlite":
        assert timeless(records(one)) == timeless(records(other))
    elif one.suffix == ".arrow":
        same_but_for_times(Table.open(one), Table.open(other))
    elif one.name == "h.parquet":
        here, there = History.from_parquet(one), History.from_parquet(other)
        for field in ("archs", "value", "epochs", "paid", "test", "mean_validation"):
            np.testing.assert_array_equal(getattr(here, field), getattr(there, field))
    elif one.suffix == ".json":
        assert timeless(json.loads(one.read_text())) == timeless(json.loads(other.read_text()))
    elif one.suffix == ".safetensors" and (one.parent / "course.json").exists():
        from nasbed.nets.tensorfile import read_tensors

        (here, facts), (there, others) = read_tensors(one), read_tensors(other)
        assert facts == others  # which are written in any order
        assert {name: value.numpy().tobytes() for name, value in here.items()} == {
            name: value.numpy().tobytes() for name, value in there.items()
        }
    elif one.suffix == ".safetensors":
        from nets.test_augment import same as same_training

        same_training(one.parent, other.parent)
    elif one.name == "log.csv":
        assert one.read_text().count("\n") == other.read_text().count("\n")
    else:
        raise AssertionError(f"{one} differs from {other}")


TIMES = {
    "seal",
    "training_time",
    "total_time",
    "seconds",
    "clock",
    "finished",
    "started",
    "sessions",
    "modified",
    "inode",
}


def timeless(value):
    """Leave out what was read off a clock, and checksums over that."""
    if isinstance(value, dict):
        return {name: timeless(inner) for name, inner in value.items() if name not in TIMES}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value
