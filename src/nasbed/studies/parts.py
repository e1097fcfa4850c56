"""Parts: the optimizers and the benchmarks of a study, each with what is tried of its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from nasbed.core.errors import BadSetting, NasbedError, UnknownName
from nasbed.core.spelling import fitted, named, written
from nasbed.studies.values import Condition, values_of

NAME, LABEL, WHERE = "name", "label", "where"


@contextmanager
def at(place: str) -> Iterator[None]:
    """Say of what goes wrong in the block where in the study it did.

    Raises:
        BadSetting: In the place of any error of nasbed's.
    """
    try:
        yield
    except NasbedError as error:
        raise BadSetting(f"{place}: {error}") from None


@dataclass(frozen=True)
class Part:
    """An optimizer or a benchmark, by name, with the values of its settings that are tried.

    Attributes:
        name: As registered; of a benchmark perhaps a path.
        settings: The values of each setting that is given, one or more.
        label: What to call it instead of by its name and settings.
        where: Of which combinations of values.
    """

    name: str
    settings: Mapping[str, list[Any]] = field(default_factory=dict)
    label: str | None = None
    where: tuple[Condition, ...] = ()

    @classmethod
    def of(cls, given: Any, known: Mapping[str, Any] | None, place: str) -> Part:
        """Read ``"NAME:key=value"`` or a table with ``name``, ``label``, ``where`` and settings.

        Args:
            given: What stands in the study.
            known: The defaults of the settings that there are; None for whatever is given.
            place: Where it stands, for errors.

        Raises:
            BadSetting: When it is neither, has an unknown setting, or a value of the wrong kind.
        """
        with at(place):
            if isinstance(given, str):
                name, settings = named(given)
                given = {NAME: name, **({LABEL: given} if settings else {}), **settings}
            if not isinstance(given, Mapping) or not isinstance(given.get(NAME), str):
                raise BadSetting(f"it is to be a name, or a table with a name, not {given!r}")
            conditions, label = given.get(WHERE, []), given.get(LABEL)
            if label is not None and (not isinstance(label, str) or not label):
                raise BadSetting(f"a label is text, not {label!r}")
        own = {key: value for key, value in given.items() if key not in (NAME, LABEL, WHERE)}
        values = {key: checked_values(key, value, known, f"{place}.{key}", given[NAME]) for key, value in own.items()}
        with at(f"{place}.{WHERE}"):
            keys = [*(known or {}), *values]
            read = tuple(
                Condition.of(text, keys) for text in (conditions if isinstance(conditions, list) else [conditions])
            )
        return cls(given[NAME], values, label, read)

    def swept(self, key: str, values: list[Any], default: Any, place: str) -> Part:
        """Give the same with other values of a setting."""
        with at(place):
            checked = [fitted(key, value, default) for value in values]
        return replace(self, settings={**self.settings, key: checked})

    @property
    def varied(self) -> list[str]:
        """The settings of which more than one value is tried."""
        return [key for key, values in self.settings.items() if len(values) > 1]

    def variants(self, defaults: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Give the settings of each combination that the conditions allow."""
        for combination in product(*self.settings.values()):
            one = dict(zip(self.settings, combination, strict=True))
            if all(condition.holds({**defaults, **one}) for condition in self.where):
                yield one

    def called(self, settings: Mapping[str, Any], whole: bool = True) -> str:
        """Name one variant, ``NAME:key=value,key=value``: the label, or the name, with what varies.

        Args:
            settings: Of the variant.
            whole: Whether, without a label, all settings that are given are named.
        """
        shown = settings if whole and self.label is None else {key: settings[key] for key in self.varied}
        name = self.label or self.name
        text = ",".join(f"{key}={written(value)}" for key, value in shown.items())
        return f"{name}{',' if '=' in name else ':'}{text}" if text else name


def checked_values(key: str, given: Any, known: Mapping[str, Any] | None, place: str, owner: str) -> list[Any]:
    """Read the values of a setting, and see that it may have them.

    A setting that is itself a list, such as the objectives, is tried in several forms as a list of lists.

    Raises:
        BadSetting: When there is no such setting, or it may not have such a value.
    """
    with at(place):
        if known is not None and key not in known:
            raise UnknownName(f"setting of {owner}", key, known)
        default = None if known is None else known[key]
        if isinstance(default, list | tuple) and not (isinstance(given, list) and given and isinstance(given[0], list)):
            given = [given]  # one value
        return [fitted(key, value, default) for value in values_of(given)]
