"""Architectures of written spaces as text: the values of the decisions, by their names."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from nasbed.core.errors import InvalidArchitecture, nearest
from nasbed.core.records import Decision

_NOTHING = "-"
_WORD = re.compile(r"(?!-$)[^\s:#=\[({][^\s:#=]*")
_LONGEST = 1_000_000  # characters; far more than a row takes


def text_of(slots: Sequence[Decision], row: Sequence[int], active: Sequence[bool]) -> str:
    """Write a row: the names of its values, with colons between, a dash for what is not active."""
    words = (words_of(slot)[value] if is_there else _NOTHING
             for slot, value, is_there in zip(slots, row, active, strict=True))  # fmt: skip
    return ":".join(words)


def words_of(slot: Decision) -> list[str]:
    """Return a word for each value of a decision: the value itself, or ``#`` and its position where that is no word."""
    said = [_word(value) for value in slot.values]
    often = Counter(said)
    return [word if often[word] == 1 and _WORD.fullmatch(word) else f"#{i}" for i, word in enumerate(said)]


def _word(value: Any) -> str:
    """Return a value as it is written in a line; several with plus signs between."""
    if isinstance(value, list | tuple):
        return "+".join(map(_word, value))
    return value if isinstance(value, str) else json.dumps(value, default=repr)


def row_of(slots: Sequence[Decision], text: str, space: str) -> list[int]:
    """Read a row from words, from names and words, from the values in their order, or from their numbers.

    Raises:
        InvalidArchitecture: When the text is none of them, with what it lacks.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        raise InvalidArchitecture(_how(slots, text, space))
    if text[0] in "[({":
        return _of_literal(slots, text, space)
    if "=" in text:
        pairs = [word.partition("=") for word in text.split()]
        return _of_names(slots, {name: word for name, _, word in pairs}, space)
    words = text.split(":")
    if len(words) != len(slots):
        raise InvalidArchitecture(_how(slots, text, space))
    return [_value(slot, word.strip()) for slot, word in zip(slots, words, strict=True)]


def _of_literal(slots: Sequence[Decision], text: str, space: str) -> list[int]:
    try:
        found = ast.literal_eval(text) if text[0] == "(" else json.loads(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise InvalidArchitecture(_how(slots, text, space)) from None
    if isinstance(found, Mapping):
        return _of_names(slots, found, space)
    if not isinstance(found, list | tuple) or len(found) != len(slots):
        raise InvalidArchitecture(_how(slots, text, space))
    if any(type(number) is not int for number in found):
        return [_value(slot, value) for slot, value in zip(slots, found, strict=True)]
    for slot, number in zip(slots, found, strict=True):
        if not 0 <= number < len(slot.values):
            most = len(slot.values) - 1
            raise InvalidArchitecture(
                f"{slot.name} has the values 0 to {most}, not {number}: whole numbers count values; to "
                f'write values, name them, {{"{slot.name}": {json.dumps(slot.values[0])}, …}}'
            )
    return list(found)


def _of_names(slots: Sequence[Decision], given: Mapping[str, Any], space: str) -> list[int]:
    known = {slot.name for slot in slots}
    for name in given:
        if name not in known:
            raise InvalidArchitecture(f"{space} has no decision {name!r}. {nearest(name, known)}".strip())
    return [_value(slot, given[slot.name]) if slot.name in given else 0 for slot in slots]


def _value(slot: Decision, given: Any) -> int:
    """Return the position of a value, given as its word or as it is; None, as a dash, is of what is not active."""
    words, word = words_of(slot), _word(given)
    if word in words:
        return words.index(word)
    same = [i for i, value in enumerate(slot.values) if _exact(value) == _exact(given)]
    if len(same) == 1:
        return same[0]
    if given is None or word == _NOTHING:
        return 0
    raise InvalidArchitecture(f"{slot.name} is {', '.join(words[:-1])} or {words[-1]}, not {word[:40]}")


def _exact(value: Any) -> str:
    """Return a text that only equal values have: of a list that of a tuple; 1 is neither True nor 1.0."""
    return f"({', '.join(map(_exact, value))})" if isinstance(value, list | tuple) else repr(value)


def _how(slots: Sequence[Decision], text: str, space: str) -> str:
    example = ":".join(words_of(slot)[0] for slot in slots[:8]) + ("…" if len(slots) > 8 else "")
    return (
        f"{text[:120]!r} is no architecture of {space}; write its {len(slots)} values with colons between, such as "
        f"{example}, or {slots[0].name}={words_of(slots[0])[0]} …, or a list of numbers"
    )
