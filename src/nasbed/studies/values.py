"""Values: what a key of a study may be set to, be it one value, a list or a range of whole numbers.

``1..99`` is every number from 1 to 99, ``1..99..2`` every other one; both ends count. A list is tried value by value,
and may have ranges in it.
"""

from __future__ import annotations

import operator as op
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.spelling import pieces, value

_RANGE = re.compile(r"\s*(-?\d+)\s*\.\.\s*(-?\d+)\s*(?:\.\.\s*(\d+)\s*)?")
_RELATIONS = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge, "==": op.eq, "!=": op.ne}
_CONDITION = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=|==|!=|<|>)\s*([\w.]+)\s*")
_MOST = 100_000  # values of one key: more is a slip, not a study


def values_of(given: Any) -> list[Any]:
    """Give every value that is to be tried, in order.

    Raises:
        BadSetting: For a range that has nothing in it, a list that is empty, or a value that comes twice.

    >>> values_of([0, "2..8..3"])
    [0, 2, 5, 8]
    """
    found = [value for item in given for value in _range(item)] if isinstance(given, list) else _range(given)
    if not found:
        raise BadSetting(f"{given!r} has no value in it; give one at least")
    seen = set[str]()
    for one in found:
        if repr(one) in seen:
            raise BadSetting(f"the value {one!r} is given twice")
        seen.add(repr(one))
    return found


def _range(item: Any) -> list[Any]:
    match = _RANGE.fullmatch(item) if isinstance(item, str) else None
    if match is None:
        return [item]
    first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if step < 1 or last < first or (last - first) // step >= _MOST:
        raise BadSetting(f"the range {item!r} is to be FIRST..LAST or FIRST..LAST..STEP, upwards, such as 1..99..2")
    return list(range(first, last + 1, step))


def grid_of(text: str) -> tuple[str, list[Any]]:
    """Read ``key=a,b,c``, each of them a value or a range, as ``--grid`` takes it.

    Raises:
        BadSetting: When it is anything else.
    """
    key, equals, rest = text.partition("=")
    if not equals or not key.strip() or not rest.strip():
        raise BadSetting(f"{text!r} is no grid; write key=a,b,c or key=1..99, such as population=10,50,100")
    return key.strip().replace("-", "_"), values_of([value(part) for part in pieces(rest)])


@dataclass(frozen=True)
class Condition:
    """Which combinations of values are tried: those of which it holds.

    Attributes:
        left: A key.
        relation: ``<=``, ``<``, ``>=``, ``>``, ``==`` or ``!=``.
        right: A key, or a value.
    """

    left: str
    relation: str
    right: Any

    @classmethod
    def of(cls, text: Any, keys: Sequence[str]) -> Condition:
        """Read ``key <= key`` or ``key <= number``.

        Raises:
            BadSetting: When it is anything else.
            UnknownName: When there is no such key.
        """
        match = _CONDITION.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise BadSetting(f"a condition is KEY <= KEY or KEY <= NUMBER, with <=, <, >=, >, == or !=; not {text!r}")
        left, right = match[1], value(match[3])
        for key in (left, right) if isinstance(right, str) and match[2] not in ("==", "!=") else (left,):
            if key not in keys:
                raise UnknownName("key", str(key), keys)
        return cls(left, match[2], right)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Say whether it holds of a combination.

        Raises:
            BadSetting: When the two cannot be compared.
        """
        left = values[self.left]
        right = values.get(self.right, self.right) if isinstance(self.right, str) else self.right
        try:
            return bool(_RELATIONS[self.relation](left, right))
        except TypeError:
            raise BadSetting(
                f"{self.left} {self.relation} {self.right} compares {left!r} with {right!r}, which has no order"
            ) from None
