"""Damage: files of every kind that the library writes, with flipped bits and cut ends, and what their readers say.

A *kind* is a name, a maker that writes a real file into a folder, and a reader that gives everything that a user can
read from it. Run as a program it damages and reads each kind in a process of its own, so that a crash is noticed, and
prints what came of it: ``python tests/unit/damage.py [KIND …]``. ``NASBED_DAMAGE_SEED`` draws other damage.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FLIPS, CUTS = 300, 60
SEED = int(os.environ.get("NASBED_DAMAGE_SEED", "0"))
SECONDS = 60  # that reading a file may take
OUTCOMES = ("unchanged", "refused", "wrong", "traceback", "hang", "crash")
GOOD = OUTCOMES[:2]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: What it is called.
        make: Write one into a folder and give its path.
        read: Give all that can be read from it, as a value whose ``repr`` says everything.
        torch: Whether PyTorch is needed.
    """

    name: str
    make: Callable[[Path], Path]
    read: Callable[[Path], Any]
    torch: bool = False


def damaged(whole: bytes, number: int, flips: int) -> bytes:
    """Give the damage of one number: a flipped bit for the first ``flips`` numbers, a cut end after them."""
    chance = random.Random(f"{SEED} {number}")
    if number >= flips:
        return whole[: chance.randrange(len(whole))]
    place = chance.randrange(8 * len(whole))
    return whole[: place // 8] + bytes([whole[place // 8] ^ 1 << place % 8]) + whole[place // 8 + 1 :]


def outcome(kind: Kind, path: Path, truth: str) -> str:
    """Read a damaged file."""
    from nasbed.core.errors import NasbedError

    def hang(*_: object) -> None:
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(SECONDS)
    try:
        return "unchanged" if repr(kind.read(path)) == truth else "wrong"
    except NasbedError as error:
        return "refused" if path.name in str(error) else f"traceback: it does not name the file: {error}"
    except TimeoutError:
        return "hang"
    except Exception as error:
        return f"traceback: {error!r}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def sample(kind: Kind, folder: Path, flips: int, cuts: int, first: int = 0) -> Any:
    """Make a file, and damage and read it again and again; give each outcome as it comes."""
    path = kind.make(folder)
    whole, truth = path.read_bytes(), repr(kind.read(path))
    beside = set(path.parent.iterdir())
    for number in range(first, flips + cuts):
        path.write_bytes(damaged(whole, number, flips))
        yield outcome(kind, path, truth)
        for left in set(path.parent.iterdir()) - beside:
            left.unlink()
    path.write_bytes(whole)


def in_a_process(kind: Kind, flips: int = FLIPS, cuts: int = CUTS) -> list[str]:
    """Do the same in other processes; one that dies has crashed on the file after its last word."""
    found: list[str] = []
    while len(found) < flips + cuts:
        words = [sys.executable, __file__, "--one", kind.name, str(flips), str(cuts), str(len(found))]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            found += [line.rstrip("\n") for line in process.stdout or () if line.startswith(OUTCOMES)]
        if process.returncode != 0 and len(found) < flips + cuts:
            found.append(f"crash: {process.returncode}")
    return found


def table(found: dict[str, list[str]], flips: int = FLIPS, cuts: int = CUTS) -> str:
    """Write what came of each kind, a line a kind, and below it every outcome that should not be."""
    lines = [f"{flips} flipped bits and {cuts} cut ends of each kind of file, seed {SEED}"]
    lines.append(f"{'kind':16}" + "".join(f"{name:>11}" for name in OUTCOMES))
    for name, outcomes in found.items():
        counts = Counter(one.partition(":")[0] for one in outcomes)
        lines.append(f"{name:16}" + "".join(f"{counts[column]:>11}" for column in OUTCOMES))
    bad = [f"{name} {n}: {one}" for name, all_ in found.items() for n, one in enumerate(all_) if one not in GOOD]
    return "\n".join([*lines, *bad])


# ── the kinds ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _table(folder: Path) -> Path:
    from tables.made import trainings_at

    return trainings_at(folder / "t.arrow").path


def _companion(folder: Path) -> Path:
    from tables.made import table_at

    (companion,) = table_at(folder / "t.arrow").beside.companions.values()
    return companion.path


def _read_table(path: Path) -> Any:
    from nasbed.tables.table import Table

    table = Table.open(path.with_name("t.arrow"))
    names = [*_TRAINED, *(["score"] if path.name != "t.arrow" else [])]  # whatever is there, they are asked for
    columns = {name: table.column(name).values() for name in names}
    measured = {one.name: one.mean(table.archs) for one in table.find()}
    return _fields(columns), _fields(measured), table.archs.tolist(), table.describe()


_TRAINED = (
    "training_time",
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
    "start_test_accuracy",
    "total_time",
)


def _trainings(folder: Path) -> Path:
    from factory.campaigns import made_up

    made_up(folder / "t.arrow")
    return folder / "t.sqlite"


def _read_trainings(path: Path) -> Any:
    from nasbed.factory.standing import Standing

    return _read_store(path), Standing.of(path).as_dict()


def _read_store(path: Path) -> Any:
    from nasbed.run.stores.sqlite import SQLiteStore

    found = []
    for read_only in (True, False):
        with SQLiteStore(path, read_only) as store:
            found.append((list(store), store.notes(), len(store)))
    return found


def _search(folder: Path) -> Path:
    from live_toy import LiveToy

    import nasbed

    nasbed.search("random", LiveToy(), evaluations=30, executor="inline", store=folder / "s.sqlite")
    return folder / "s.sqlite"


def _scores(ending: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        from scores.scorings import made_up

        from nasbed.scores.asked import Asked
        from nasbed.spaces.nasbench201 import NASBench201

        made_up(folder / f"s.{ending}", space=NASBench201(), asked=Asked(sample=20))
        return folder / f"s.{ending}"

    return make


def _read_scores(path: Path) -> Any:
    from nasbed.scores.scores import Scores

    scores = Scores.read(path)
    return scores.texts, _fields(scores.columns), scores.seconds.tolist(), scores.about


def _history(folder: Path) -> Path:
    import nasbed

    return nasbed.search("local", evaluations=20, runs=3).to_parquet(folder / "h.parquet")


def _read_history(path: Path) -> Any:
    from nasbed.run.history import History

    return _fields(vars(History.from_parquet(path)))


def _study(keep: str, notes: bool = False) -> tuple[Callable[[Path], Path], Callable[[Path], Any]]:
    def study() -> Any:
        from nasbed.studies import Study

        return Study.of({"runs": 4, "keep": keep, "optimizers": ["random"], "search": {"evaluations": 10}})

    def make(folder: Path) -> Path:
        results = study().run(folder, executor="inline", command="a test")
        return folder / "study.json" if notes else next(iter(results.files.values()))

    def read(path: Path) -> Any:
        from nasbed.studies import Results
        from nasbed.studies.folder import StudyStanding

        if notes:
            return StudyStanding.of(path.parent).as_dict()
        results = Results.of(study(), path.parent.parent)
        (cell,) = study().cells
        return _fields(results.outcomes(cell)), _read_history(path) if keep == "trials" else None

    return make, read


def _comparison(folder: Path) -> Path:
    import nasbed
    from nasbed.core.checked import write_json
    from nasbed.report.folder import about

    found = nasbed.compare(["random", "local"], evaluations=6, runs=3)
    said = about(found)
    for label, one in said["optimizers"].items():
        (folder / one["history"]).parent.mkdir(exist_ok=True)
        found.histories[label].to_parquet(folder / one["history"])
    return write_json(folder / "comparison.json", said, indent=2)


def _read_comparison(path: Path) -> Any:
    from nasbed.statistics.reading import read

    return [
        (title, found.command, [(label, _fields(vars(h))) for label, h in found.histories.items()], found.reference)
        for title, found in read([path]).items()
    ]


def _training(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        from nasbed.factory.settings import training_settings
        from nasbed.nets.augment import augment
        from nasbed.nets.data.source import load
        from nasbed.spaces.nasbench101 import NASBench101

        space = NASBench101(vertices=3)
        blueprint, recipe = training_settings(space, "digits", {"stacks": 1, "stem_channels": 2}, {"batch_size": 100})
        augment(blueprint, space.enumerate()[1], recipe, load("digits"), 1, 0, folder / "t")
        return folder / "t" / name

    return make


def _read_state(path: Path) -> Any:
    from nasbed.nets.tensorfile import read_tensors

    tensors, facts = read_tensors(path)
    return {name: tensor.tolist() for name, tensor in tensors.items()}, facts


def _read_network(path: Path) -> Any:
    from nasbed.nets.network_file import load_network, network_facts

    return {n: t.tolist() for n, t in load_network(path).state_dict().items()}, network_facts(path)


def _diagnostics(folder: Path) -> Path:
    from nasbed.nets.diagnostics import AXES, Diagnostics

    lengths = {"moments": 2, "layers": 2, "parameters": 5, "images": 4, "classes": 3}
    draw = np.random.default_rng(0)
    arrays = {n: draw.normal(size=[lengths[axis] for axis in axes]).astype(np.float32) for n, axes in AXES.items()}
    named = {n: tuple(f"{n} {i}" for i in range(lengths[n])) for n in ("moments", "layers", "parameters")}
    Diagnostics(**{**arrays, **named, "labels": np.arange(4)}).save(folder / "d.npz")
    return folder / "d.npz"


def _read_diagnostics(path: Path) -> Any:
    from nasbed.nets.diagnostics import Diagnostics

    return _fields(vars(Diagnostics.load(path)))


def _optimizer(folder: Path) -> Path:
    import nasbed
    from nasbed.core.rng import Streams
    from nasbed.optimizers.saving import save

    method = nasbed.optimizer("regularized-evolution", population=5, sample=2)
    method.start(nasbed.space("nasbench201"), Streams.from_seed(3, 2), ())
    return save(method, folder / "o.npz")


def _read_optimizer(path: Path) -> Any:
    import nasbed
    from nasbed.optimizers.saving import load

    method = nasbed.optimizer("regularized-evolution", population=5, sample=2)
    return load(path, method, nasbed.space("nasbench201")).ask().archs.tolist()


def _index(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        from nasbed.spaces.nasbench101_index import module_index

        os.environ["NASBED_HOME"] = str(folder)
        module_index(4, 9, 3)
        return next(folder.glob(f"spaces/*/{name}"))

    return make


def _read_index(path: Path) -> Any:
    from nasbed.spaces.nasbench101_index import module_index

    before = os.environ.get("NASBED_HOME")
    os.environ["NASBED_HOME"] = str(path.parents[2])
    try:
        return _fields(vars(module_index(4, 9, 3)))
    finally:
        os.environ["NASBED_HOME"] = before or str(path.parents[2])


def _fields(values: Any) -> Any:
    """Write arrays out, so that ``repr`` says everything of them."""
    return {
        name: (value.dtype.str, value.shape, value.tolist()) if isinstance(value, np.ndarray) else value
        for name, value in dict(values).items()
        if name != "space" and not isinstance(value, property)
    }


KINDS = {
    kind.name: kind
    for kind in (
        Kind("table", _table, _read_table),
        Kind("companion", _companion, _read_table),
        Kind("trainings", _trainings, _read_trainings),
        Kind("search", _search, _read_store),
        Kind("scores store", _scores("sqlite"), _read_scores),
        Kind("scores", _scores("arrow"), _read_scores),
        Kind("history", _history, _read_history),
        Kind("cell", *_study("trials")),
        Kind("cell, outcomes", *_study("outcomes")),
        Kind("study", *_study("outcomes", notes=True)),
        Kind("comparison", _comparison, _read_comparison),
        Kind("checkpoint", _training("state.safetensors"), _read_state, torch=True),
        Kind("network", _training("best.safetensors"), _read_network, torch=True),
        Kind("diagnostics", _diagnostics, _read_diagnostics),
        Kind("optimizer", _optimizer, _read_optimizer),
        Kind("index", _index("structure.npy"), _read_index),
        Kind("index, sums", _index("checksums.json"), _read_index),
    )
}


def main(words: list[str]) -> None:
    """Damage all kinds, or those that are named, and print the table."""
    if words[:1] == ["--one"]:
        name, flips, cuts, first = words[1], *map(int, words[2:])
        with tempfile.TemporaryDirectory() as folder:
            os.environ["NASBED_HOME"] = folder
            for one in sample(KINDS[name], Path(folder), flips, cuts, first):
                print(" ".join(one.split()), flush=True)
        return
    print(table({name: in_a_process(KINDS[name]) for name in words or KINDS}))


if __name__ == "__main__":
    main(sys.argv[1:])
