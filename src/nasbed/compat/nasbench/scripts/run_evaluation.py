"""Train a large number of modules, shared among workers: the published ``run_evaluation`` over nasbed's campaigns.

Unit i is repeat ``i // modules + 1`` of module ``i % modules``, in the order of their hashes, or entry i of the sorted
remainders; worker w of n does the units that are w modulo n. What a training came to is in
``OUTPUT_DIR/ab/abc…/repeat_1/results.json``; the unit at which a worker is, in ``OUTPUT_DIR/_recovery/W``.

Reference: https://github.com/google-research/nasbench, ``nasbench/scripts/run_evaluation.py``
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nasbed.compat.nasbench.lib import evaluate, model_spec
from nasbed.compat.nasbench.lib.config import FLAGS
from nasbed.compat.nasbench.scripts import flags
from nasbed.core.errors import BadSetting, NasbedError
from nasbed.core.files import put
from nasbed.core.store import Record, Store
from nasbed.run.campaign import campaign
from nasbed.run.executors.inline import InlineExecutor

CHECKPOINT_PREFIX, RESULTS_FILE = "model.ckpt", "results.json"
CHECKPOINT_1_PREFIX = "model.ckpt-1."
"""Of what is in a module's folder the first two stay, the last, which only began the weights, does not."""

_OWN = {
    "models_file": "",
    "remainders_file": "",
    "model_id_regex": "^",
    "output_dir": "",
    "worker_id": 0,
    "worker_id_offset": 0,
    "total_workers": 1,
}
flags.define(_OWN)

__all__ = ["CHECKPOINT_1_PREFIX", "CHECKPOINT_PREFIX", "FLAGS", "RESULTS_FILE", "Evaluator", "evaluate", "main"]


class Evaluator:
    """What one worker trains, and where it is.

    Args:
        models_file: JSON, hash → [matrix, labels].
        output_dir: Where everything is kept.
        worker_id: Which worker this is, from 0.
        total_workers: How many there are.
        model_id_regex: With what the hashes begin that are trained.

    Attributes:
        config: The settings, those of ``FLAGS`` among them.
        models: What the models file says.
        remainders: The sorted ``[hash, repeat]`` of ``FLAGS.remainders_file``, repeats from 1; None without one.
        ordered_keys: The hashes that are trained, in order; None with remainders.
        num_models: How many of either there are.
        total_work_units: How many trainings all workers make.
        current_index: The unit that is next.
        recovery_file: Where that is kept.

    Raises:
        BadSetting: When a file cannot be read or has another form, or the recovery file is not this worker's.
    """

    def __init__(
        self,
        models_file: str,
        output_dir: str,
        worker_id: int = 0,
        total_workers: int = 1,
        model_id_regex: str = "^",
    ) -> None:
        self.config = flags.config()
        self.models: dict[str, Any] = _read(models_file, "models", dict)
        self.remainders: list[list[Any]] | None = None
        self.ordered_keys: list[str] | None = None
        if flags.flag("remainders_file"):
            self.remainders = _remainders(flags.flag("remainders_file"), self.models)
            self.num_models = self.total_work_units = len(self.remainders)
        else:
            self.ordered_keys = sorted(filter(re.compile(model_id_regex).match, self.models))
            self.num_models = len(self.ordered_keys)
            self.total_work_units = self.num_models * self.config["num_repeats"]
        self.total_workers, self.output_dir = total_workers, output_dir
        recovery = Path(output_dir) / "_recovery"
        recovery.mkdir(parents=True, exist_ok=True)
        self.recovery_file = str(recovery / str(worker_id))
        if Path(self.recovery_file).exists():
            self.current_index = int(Path(self.recovery_file).read_text())
        else:
            self._go_to(worker_id)
        if self.current_index % self.total_workers != worker_id:
            raise BadSetting(
                f"{self.recovery_file} says that unit {self.current_index} is next, which is not that of worker "
                f"{worker_id} of {total_workers}, from 0; go on with as many workers as before, or elsewhere"
            )

    def run_evaluation(self) -> None:
        """Train what is left for this worker, one after another; an aborted training is passed over.

        Raises:
            NasbedError: When a training cannot be made at all; the same call goes on there.
            Interrupted: At Ctrl-C; likewise.
        """
        units = [str(index) for index in range(self.current_index, self.total_work_units, self.total_workers)]
        with InlineExecutor() as executor:
            campaign(
                units,
                self._evaluate_work_unit,
                lambda unit: (int(unit),),
                plan={},
                store=_Folder(self),
                executor=executor,
                attempts=1,
                resume=f"{self.recovery_file} says where the same call goes on",
            )

    def _evaluate_work_unit(self, index: int) -> Any:
        """Train a unit; None when it was aborted."""
        spec = self._spec(self._unit(index)[0])
        try:
            return evaluate.train_and_evaluate(spec, self.config, str(self._model_dir(index)))
        except evaluate.AbortError:
            return None

    def _unit(self, index: int) -> tuple[str, int]:
        """Return the hash and the repeat, from 1, of a unit."""
        if self.ordered_keys is None:
            module, repeat = (self.remainders or [])[index]
            return module, repeat
        return self.ordered_keys[index % self.num_models], index // self.num_models + 1

    def _model_dir(self, index: int) -> Path:
        module, repeat = self._unit(index)
        return Path(self.output_dir) / module[:2] / module / f"repeat_{repeat}"

    def _spec(self, module: str) -> model_spec.ModelSpec:
        """Make a module's specification."""
        names = self.config["available_ops"]
        try:
            matrix, labels = self.models[module]
            spec = model_spec.ModelSpec(matrix, ["input", *(names[label] for label in labels[1:-1]), "output"])
        except (IndexError, TypeError, ValueError) as error:
            raise BadSetting(f"the model {module!r} is no [matrix, labels] with labels of {names}: {error}") from None
        if not spec.valid_spec or spec.matrix is None or spec.matrix.sum() > self.config["max_edges"]:
            raise BadSetting(
                f"the model {module!r} has no path from input to output, or more than {self.config['max_edges']} edges"
            )
        return spec

    def _finish(self, index: int, results: Any) -> None:
        """Keep what a unit came to, and go to the next."""
        if results is not None:
            folder = self._model_dir(index)
            folder.mkdir(parents=True, exist_ok=True)
            put(folder / RESULTS_FILE, json.dumps(results, default=lambda array: array.tolist()).encode())
            self._clean_model_dir(folder)
        self._go_to(index + self.total_workers)

    def _go_to(self, index: int) -> None:
        """Note which unit is next."""
        put(Path(self.recovery_file), str(index).encode())
        self.current_index = index

    def _clean_model_dir(self, model_dir: str | Path) -> None:
        """Delete all but checkpoints and results from a unit's folder."""
        for path in Path(model_dir).iterdir():
            kept = path.name.startswith((CHECKPOINT_PREFIX, RESULTS_FILE))
            if kept and not path.name.startswith(CHECKPOINT_1_PREFIX):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


class _Folder(Store):
    """The published folder as a campaign's store: it is written to, and what is done is known by the recovery file."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def append(self, unit: str, record: Record) -> bool:
        """Keep a result, or stop at what could not be trained."""
        if record["error"] is not None:
            raise NasbedError(record["error"])
        self._evaluator._finish(int(unit), record["value"])
        return True

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, unit: object) -> bool:
        return False

    def note(self, name: str, value: Any) -> None:
        """Keep nothing: the published folder has no notes."""

    def notes(self) -> dict[str, Any]:
        """Give none."""
        return {}


def _read(path: str, what: str, kind: type) -> Any:
    """Read JSON of a kind."""
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise BadSetting(f"the {what} file {path!r} cannot be read: {error.strerror}; set --{what}_file") from None
    except ValueError as error:
        raise BadSetting(f"the {what} file {path} is not JSON: {error}") from None
    if not isinstance(found, kind):
        raise BadSetting(f"the {what} file {path} is not a JSON {'object' if kind is dict else 'list'}")
    return found


def _remainders(path: str, models: dict[str, Any]) -> list[list[Any]]:
    """Read the list of what remains."""
    found = _read(path, "remainders", list)
    for entry in found:
        if not isinstance(entry, list) or [type(part) for part in entry] != [str, int]:
            raise BadSetting(f"{entry!r} in {path} is no [hash, repeat]")
        if entry[0] not in models or entry[1] < 1:
            raise BadSetting(f"{entry!r} in {path} is not a model of the models file with a repeat, from 1")
    return sorted(found)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what the command line says."""
    flags.read(str(__doc__).partition("\n")[0], {**_OWN, **flags.SETTINGS}, arguments)
    worker = flags.flag("worker_id") + flags.flag("worker_id_offset")
    models, folder, pattern = (flags.flag(name) for name in ("models_file", "output_dir", "model_id_regex"))
    if not folder:
        raise BadSetting("set --output_dir, the folder where everything is kept")
    Evaluator(models, folder, worker, flags.flag("total_workers"), pattern).run_evaluation()


if __name__ == "__main__":
    flags.program(main)
