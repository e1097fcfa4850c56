"""Reading: from what searches and comparisons left on disk back to comparisons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nasbed.core.checked import read_json
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.run.history import History
from nasbed.run.settings import in_words
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.likeness import key_of
from nasbed.statistics.random_search import RecordedReference
from nasbed.statistics.selected import named_apart

COMPARISON = "comparison.json"
"""What a folder has that a comparison was saved in."""


@dataclass(frozen=True, eq=False)
class _Found:
    """One history with where it comes from."""

    label: str
    history: History
    place: Path
    differing: frozenset[str] = frozenset()
    command: str | None = None
    reference: RecordedReference | None = None
    random_mean: float | None = None


def read(paths: Sequence[str | Path], differing: Collection[str] = ()) -> dict[str, Comparison]:
    """Read folders that ``Comparison.save`` wrote and histories as Parquet, by titles that tell them apart.

    Searches of one benchmark under one set of rules are one comparison, wherever they were found; others have one of
    their own.

    Args:
        paths: Of folders and files.
        differing: What is studied: settings in which searches of one comparison may differ, beside those in which a
            folder says that they do.

    Raises:
        BadSetting: Where there is nothing of the kind.
        UnknownName: Where there is nothing of the kind in which searches may differ.
        CorruptFile: For a file that is not what its name says.
    """
    groups: dict[str, list[_Found]] = {}
    for path in paths:
        for found in _find(Path(path)):
            found = replace(found, differing=found.differing | set(differing))
            groups.setdefault(_kind(found), []).append(found)
    if not groups:
        raise BadSetting("there is nothing to report; give folders of 'nasbed compare --out', or histories as Parquet")
    together = named_apart([_together(group) for group in groups.values()])
    return dict(zip(_titles(together), together, strict=True))


def _find(path: Path) -> list[_Found]:
    """Read what one path holds."""
    if path.is_file() and path.name != COMPARISON:
        return [_Found(path.stem, History.from_parquet(path), path.parent)]
    folder = path.parent if path.is_file() else path
    if (folder / COMPARISON).is_file():
        return _of_folder(folder)
    histories = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    if not histories:
        raise BadSetting(
            f"{path} is neither a folder of 'nasbed compare --out' nor a history of 'nasbed search --out x.parquet'"
        )
    return [_Found(history.stem, History.from_parquet(history), folder) for history in histories]


def _of_folder(folder: Path) -> list[_Found]:
    """Read a comparison's folder, in the order of its searches."""
    about = read_json(
        folder / COMPARISON, "what 'nasbed compare --out' writes", "put a whole copy in its place, or compare again"
    )
    try:
        files = {str(label): str(one["history"]) for label, one in about["optimizers"].items()}
        command, reference = about.get("command"), RecordedReference.from_dict(about.get("reference"))
        mean, differing = about.get("random_mean"), frozenset(map(str, about.get("differing", ())))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptFile(f"{folder / COMPARISON} was not written by 'nasbed compare --out': {error!r}") from None
    found = []
    for label, name in files.items():
        place = (folder / name).resolve()
        if not place.is_relative_to(folder.resolve()):
            raise CorruptFile(f"{folder / COMPARISON} names a history outside its folder: {name}")
        history, command = History.from_parquet(place), command and str(command)
        found.append(_Found(label, history, folder, differing, command, reference, mean and float(mean)))
    return found


def _kind(found: _Found) -> str:
    """Give what is the same for all searches that are compared, wherever they were found."""
    return f"{key_of(found.history, found.differing)} {found.history.info.get('seed')} {sorted(found.differing)}"


def _together(group: Sequence[_Found]) -> Comparison:
    """Make one comparison; labels that come twice are told apart by where they were found."""
    histories: dict[str, History] = {}
    for found in group:
        twice = sum(other.label == found.label for other in group) > 1
        stem = f"{found.label} ({found.place.name or found.place.resolve().name})" if twice else found.label
        label, number = stem, 2
        while label in histories:
            label, number = f"{stem} {number}", number + 1
        histories[label] = found.history
    commands = dict.fromkeys(found.command for found in group if found.command)
    known = [found.reference for found in group if found.reference is not None]
    means = [found.random_mean for found in group if found.random_mean is not None]
    return Comparison(
        histories,
        known[0] if known else None,
        "\n".join(commands) or None,
        differing=group[0].differing,
        random_mean=means[0] if means else None,
    )


def _titles(comparisons: Sequence[Comparison]) -> list[str]:
    """Name each comparison by its benchmark; where one has several, by budget and runs, and last by a number."""
    titles = [comparison.benchmark for comparison in comparisons]
    for more in (map(_budget, comparisons), (comparison.runs_in_words for comparison in comparisons)):
        titles = [
            title if titles.count(title) == 1 else f"{title}, {said}" for title, said in zip(titles, more, strict=True)
        ]
    return [
        title if titles.count(title) == 1 else f"{title}, {titles[: i + 1].count(title)} of {titles.count(title)}"
        for i, title in enumerate(titles)
    ]


def _budget(comparison: Comparison) -> str:
    return in_words(next(iter(comparison.histories.values())).info.get("budget") or {}) or "any budget"
