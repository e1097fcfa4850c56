"""Archive: what was opened of NATS-Bench's results, which architectures it has, and how it is read.

Reference: Dong et al., TPAMI 2021, https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_utils.py`` (1.8)
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from operator import index as integer
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nasbed.compat.nats_bench.answers import Answers, Lazily, Trials
from nasbed.compat.nats_bench.result import NotMeasured
from nasbed.compat.nats_bench.results import ArchResults, Splits
from nasbed.compat.nats_bench.tabled import Tabled
from nasbed.core.errors import BadSetting
from nasbed.core.printing import Shown
from nasbed.tables.cache import cached_table_for, imported, is_published, table_for

_FOLDERS = {"nasbench201": "NATS-tss-v1_0-3ffb9-simple", "natssize": "NATS-sss-v1_0-50262-simple"}

_FILES = {"nasbench201": ["NAS-Bench-201-v1_1-096897.pth", "NAS-Bench-201-v1_0-e61699.pth"], "natssize": []}

_RECIPES = {"less": "12", "full": "200"}
"""What NAS-Bench-201's own files call the recipes."""

Say = Callable[[str], None]


class Archive(Shown):
    """The half of both spaces' interfaces that says what there is; see ``NASBenchMetaAPI``."""

    full_epochs_in_paper: ClassVar[int]
    is_size: ClassVar[bool]
    is_topology: ClassVar[bool]
    search_space_name: ClassVar[str]
    _space: ClassVar[str]
    _splits_printed: ClassVar[Splits]

    def __init__(
        self,
        file_path_or_dict: str | PathLike[str] | Mapping[str, Any] | Any | None = None,
        fast_mode: bool = False,
        verbose: bool = True,
    ) -> None:
        self.verbose = verbose
        self.fast_mode = fast_mode
        """Whether files are read when they are asked for."""
        self._answers: Answers = find_answers(file_path_or_dict, self._space, fast_mode, self._say)
        self.filename = Path(file_path_or_dict).name if isinstance(file_path_or_dict, (str, PathLike)) else None
        folder = self._answers.folder
        self.archive_dir = None if folder is None else str(folder)
        """The folder that is read in the fast mode."""
        self._length = self._answers.architectures
        self.used_time: float = 0
        """Seconds that ``simulate_train_eval`` has cost."""
        self._say(f"{len(self.evaluated_indexes):,} of {len(self):,} architectures are there: {self._answers.name}")

    # ── architectures ─────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def meta_archs(self) -> list[str]:
        """The strings of all architectures in the official order."""
        return self._answers.strings()

    @cached_property
    def archstr2index(self) -> dict[str, int]:
        """From a string to its index."""
        return {arch: index for index, arch in enumerate(self.meta_archs)}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> str:
        return self.meta_archs[index]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self.evaluated_indexes)}/{len(self)} architectures, "
            f"fast_mode={self.fast_mode}, file={self.filename})"
        )

    def arch(self, index: int) -> str:
        """Give an architecture's string.

        Raises:
            BadSetting: A ``ValueError``: when there is no such index.
        """
        return self.meta_archs[self._in_range(index)]

    def random(self) -> int:
        """Draw an index from Python's global ``random``."""
        return random.randint(0, len(self) - 1)

    def query_index_by_arch(self, arch: Any) -> int:
        """Give the index of a string, of something with ``tostr()``, or of an index; −1 when it is no architecture's.

        Raises:
            BadSetting: A ``ValueError``: for an index that there is not.
        """
        if isinstance(arch, str):
            return self.archstr2index.get(arch, -1)
        if isinstance(arch, (int, np.integer)):
            return self._in_range(arch)
        return self.archstr2index.get(arch.tostr(), -1) if hasattr(arch, "tostr") else -1

    # ── state ─────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def evaluated_indexes(self) -> set[int]:
        """Indices with results: those of the table, or, in the fast mode, those that have been read."""
        return self._answers.evaluated

    @property
    def arch2infos_dict(self) -> Mapping[int, dict[str, ArchResults]]:
        """From the index of an evaluated architecture to its results by recipe, made when asked for."""
        return _ByIndex(self._answers)

    @property
    def avaliable_hps(self) -> list[str]:
        """The recipes, by their epochs: those of the table, or, in the fast mode, of what has been read."""
        return list(self._answers.hps)

    def reset_time(self) -> None:
        """Count from nothing again."""
        self.used_time = 0

    def reset_fast_mode(self, fast_mode: bool) -> None:
        """Say that files are read when they are asked for, or are not; what is opened stays open."""
        self.fast_mode = fast_mode

    def reset_archive_dir(self, archive_dir: str | None) -> None:
        """Take files from another folder from now on, when they are reloaded."""
        self.archive_dir = archive_dir

    @property
    def full_train_epochs(self) -> int:
        """How long networks are trained in full."""
        return self.full_epochs_in_paper

    def reload(self, archive_root: str | PathLike[str] | None = None, index: int | None = None) -> None:
        """Read an architecture's file again, or those of all, from a folder; None: from the one that is open.

        Raises:
            BadSetting: A ``ValueError``: when there is no folder, or a table is open.
            NotMeasured: When it has no such file.
        """
        root = archive_root or self.archive_dir
        if root is None or not Path(root).is_dir():
            raise BadSetting(f"Invalid archive_root : {root}; it is a folder like NATS-tss-v1_0-3ffb9-simple")
        self._answers.reread(Path(root), None if index is None else self._in_range(index))

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────

    def _trials(self, index: Any, hp: str | int, data: str) -> Trials:
        return self._answers.trials(self._index(index), str(hp), data)

    def _index(self, arch: Any) -> int:
        index = self.query_index_by_arch(arch)
        if index < 0:
            raise NotMeasured(f"{arch!r} is no architecture of {self._space}; they are like {self.meta_archs[0]!r}")
        return index

    def _in_range(self, index: Any) -> int:
        if not 0 <= index < self._length:
            raise BadSetting(f"Invalid architecture index {index} vs [0, {self._length}].")
        return integer(index)

    def _say(self, sentence: str) -> None:
        if self.verbose:
            print(f"nats_bench: {sentence}")


class _ByIndex(Mapping[int, dict[str, ArchResults]]):
    """Reads the results of an evaluated architecture when asked for."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __getitem__(self, index: int) -> dict[str, ArchResults]:
        if index not in self._answers.evaluated:
            raise KeyError(index)
        return self._answers.infos(index)

    def __len__(self) -> int:
        return len(self._answers.evaluated)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._answers.evaluated))


def find_answers(given: Any, space: str, fast_mode: bool, say: Say) -> Answers:
    """Open what was given.

    Args:
        given: A path, a table, a loaded file; or None for what has been imported or lies in ``TORCH_HOME``.
        space: Name of the space that it must be of.
        fast_mode: Read a folder's files when they are asked for.
        say: Takes a sentence for the user.

    Raises:
        BadSetting: When there is nothing of the kind, or it is of another space.
        CorruptFile: When it is damaged.
    """
    found = _found(given, space, fast_mode, say)
    if found.space != space:
        raise BadSetting(f"{found.name} has architectures of {found.space}, not of {space}")
    return found


def _found(given: Any, space: str, fast_mode: bool, say: Say) -> Answers:
    if isinstance(given, Mapping):
        return _loaded(given)
    if given is None:
        given = None if fast_mode and (torch_home() / _FOLDERS[space]).is_dir() else imported(space)
        given = _default(space) if given is None else given
    if isinstance(given, str | PathLike):
        path = Path(given).expanduser()
        if fast_mode and path.is_dir() and is_published(path):
            from nasbed.readers.natsbench.folder import open_folder

            return Lazily.of(open_folder(path))
        if is_published(path) and cached_table_for(path) is None:
            say(f"{path} is imported, once, which takes some minutes for a whole space; the table is kept in the cache")
    return Tabled(table_for(given))


def _default(space: str) -> Path:
    """Find published files where the published code looks."""
    places = [torch_home() / name for name in (_FOLDERS[space], *_FILES[space])]
    for place in places:
        if place.exists():
            return place
    from nasbed.benchmarks.resolve import instead_of

    raise BadSetting(
        f"no results of {space} have been imported, and there is no {' or '.join(map(str, places))}; give the path of "
        f"a published folder or file, or import one: nasbed import PATH{instead_of(space)}"
    )


def _loaded(given: Mapping[str, Any]) -> Lazily:
    """Take what a published file holds."""
    from nasbed.readers.natsbench.folder import space_of

    lacking = [key for key in ("meta_archs", "arch2infos", "evaluated_indexes") if key not in given]
    if lacking:
        raise BadSetting(f"Can not find key[{lacking[0]}] in the dict; a loaded file has it")
    archs, infos = list(given["meta_archs"]), given["arch2infos"]
    states = {index: {_RECIPES.get(hp, hp): state for hp, state in some.items()} for index, some in infos.items()}
    return Lazily.of_states(states, archs, space_of(archs, "the dictionary"))


def torch_home() -> Path:
    """Give the folder in which the published code looks: ``TORCH_HOME``, else ``~/.torch``."""
    return Path(os.environ.get("TORCH_HOME") or "~/.torch").expanduser()
