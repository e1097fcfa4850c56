"""Published figures of predictors, each with where it is from; what reproductions of them have in common.

A figure is *re-run* where what was published is played again here, by the same protocol; *copied* where it is not. Ours
are held against the project's own documentation. Published figures of one baseline differ by up to .28 between two
papers, so a copied row is no comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.registry import predictors
from nasbed.encodings.joining import Encoding
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.prediction.judging import judge
from nasbed.studies.reproduction import Line

OURS = "nasbed's default, re-run: held against docs/predictors.md"
RERUN = "published, re-run by its protocol"
COPIED = "published, copied: not run here"

_FEW, _OF_FEW = 50, 2.5  # from fewer architectures, which these are decides most, also in what was published
_LEAST = 0.0055  # documented figures have three digits, some published ones two
_ERRORS = 4.0

Column = Mapping[int, float]
"""Published τ by how many architectures were learned from."""

PINAT = "PINAT, AAAI 2023, table 1 and supplement table 9"

NASBENCH201: Mapping[str, Column] = {
    "Neural Predictor, run by PINAT": {78: 0.343, 156: 0.413, 469: 0.584, 781: 0.634, 1563: 0.646},
    "TNASP": {78: 0.539, 156: 0.589, 469: 0.640, 781: 0.689, 1563: 0.724},
    "PINAT": {39: 0.494, 78: 0.549, 156: 0.631, 469: 0.706, 781: 0.761, 1563: 0.784},
}
"""NAS-Bench-201, CIFAR-10, all cells; from PINAT."""

NASBENCH101: Mapping[str, Column] = {
    "Neural Predictor (GCN)": {100: 0.391, 172: 0.545, 424: 0.679, 4236: 0.769},
    "arch2vec": {100: 0.435, 172: 0.511, 424: 0.547, 4236: 0.596},
    "GATES": {100: 0.605, 172: 0.659, 424: 0.691, 4236: 0.822},
    "ReNAS": {424: 0.657, 4236: 0.816},
    "TNASP, squared error": {100: 0.600, 172: 0.669, 424: 0.705, 4236: 0.820},
    "TNASP, cross-entropy of pairs": {100: 0.676, 172: 0.691, 424: 0.747, 4236: 0.824},
    "GMAE-NAS, pre-trained": {100: 0.666, 172: 0.697, 424: 0.732, 4236: 0.775},
    "PINAT, squared error": {100: 0.679, 172: 0.715, 424: 0.772, 4236: 0.846},
    "PINAT, hinge": {100: 0.716, 172: 0.762, 424: 0.807, 4236: 0.853},
    "PINAT, cross-entropy of pairs": {100: 0.717, 172: 0.764, 424: 0.812, 4236: 0.854},
}
"""NAS-Bench-101, all modules; from PINAT."""


def copied(rows: Mapping[str, Column], source: str) -> list[Line]:
    """Return lines of figures that are not run here."""
    return [
        Line(f"{name}, {n:,}, whole space", None, tau, None, COPIED, remark=f"copied: {source}")
        for name, column in rows.items()
        for n, tau in column.items()
    ]


def ours(
    examples: Examples,
    sizes: Sequence[int],
    sets: Sequence[str],
    documented: Mapping[str, Column],
    draws: int,
    seed: int,
    progress: Callable[[float], None],
) -> list[Line]:
    """Judge the default predictor, and hold it against what is documented.

    Args:
        examples: What there is to learn from.
        sizes: From how many it learns.
        sets: The test sets.
        documented: τ by test set and size.
        draws: How many training sets.
        seed: Of the draws.
        progress: Called with the share that is done.
    """
    predictor: EncodedPredictor = predictors.make("default", {"space": examples.space})
    lines = []
    for i, size in enumerate(sizes):
        found = [judge(predictor, examples, size, number, seed, sets) for number in range(draws)]
        for name in sets:
            taus = np.array([one.qualities[name].tau for one in found])
            words = f"default, {size:,}, {name.replace('-', ' ')}"
            lines.append(line(words, taus, documented.get(name, {}).get(size), OURS))
        progress((i + 1) / len(sizes))
    return lines


def rerun(
    what: str,
    predictor: str,
    settings: Mapping[str, Any],
    encoding: str | Encoding,
    examples: Examples,
    protocol: str,
    published: Column,
    source: str,
    tolerance: float | None,
    draws: int,
    seed: int,
) -> list[Line]:
    """Play a published predictor again by its protocol.

    Args:
        what: It is called so.
        predictor: The registered name of what it is here.
        settings: As published.
        encoding: Likewise.
        examples: What there is to learn from.
        protocol: The test set.
        published: τ by size.
        source: Where these are from.
        tolerance: By how much ours may differ, beside three standard errors; None where that is not known.
        draws: How many training sets.
        seed: Of the draws.
    """
    made: EncodedPredictor = predictors.make(
        predictor, {"space": examples.space, "encoding": encoding, "target": "standardised", **settings}
    )
    lines = []
    for size, tau in published.items():
        found = [judge(made, examples, size, number, seed, (protocol,)) for number in range(draws)]
        taus = np.array([one.qualities[protocol].tau for one in found])
        error = float(taus.std(ddof=1) / np.sqrt(draws))
        most = None if tolerance is None else tolerance * (_OF_FEW if size < _FEW else 1.0) + 3 * error
        words = f"{what}, {size:,}, {protocol.replace('-', ' ')}"
        lines.append(Line(words, float(taus.mean()), tau, most, RERUN, remark=f"re-run: {source}"))
    return lines


def line(words: str, taus: Any, documented: float | None, part: str) -> Line:
    """Return the mean over draws, and by how much it may differ from the documented one, which is of as many."""
    mean, error = float(np.mean(taus)), float(np.std(taus, ddof=1) / np.sqrt(len(taus)))
    tolerance = None if documented is None else _ERRORS * np.sqrt(2) * error + _LEAST
    return Line(words, mean, documented, tolerance, part, remark="re-run")


def found_below(place: str | Path | None, name: str) -> Path | None:
    """Return the file of a name: the place itself, or in it, two folders deep at most; None where there is none.

    Raises:
        BadSetting: When there is no such place.
    """
    if place is None:
        return None
    path = Path(place).expanduser()
    if not path.exists():
        raise BadSetting(f"there is no file or folder {path}; --data is the path of {name}, or of a folder that has it")
    if path.is_file():
        return path if path.name == name else None
    return next((file for pattern in ("", "*/", "*/*/") for file in sorted(path.glob(f"{pattern}{name}"))), None)
