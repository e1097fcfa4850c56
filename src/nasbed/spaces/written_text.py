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


class Words:
    """Writes and reads the rows of a space, with a word for each value of its decisions.

    Args:
        slots: The decisions.
        space: What the space is called.
    """

    def __init__(self, slots: Sequence[Decision], space: str) -> None:
        self.slots, self.space = slots, space
        self.words = [words_of(slot) for slot in slots]
        self._numbers = [{word: number for number, word in enumerate(words)} for words in self.words]

    def text(self, row: Sequence[int], active: Sequence[bool]) -> str:
        """Write a row: the names of its values, with colons between, a dash for what is not active."""
        each = zip(self.words, row, active, strict=True)
        return ":".join(words[value] if is_there else _NOTHING for words, value, is_there in each)

    def row(self, text: str) -> list[int]:
        """Read a row from words, from names and words, from the values in their order, or from their numbers.

        Raises:
            InvalidArchitecture: When the text is none of them, with what it lacks.
        """
        text = text.strip()
        if not text or len(text) > _LONGEST:
            raise InvalidArchitecture(self._how(text))
        if text[0] in "[({":
            return self._of_literal(text)
        if "=" in text:
            pairs = [word.partition("=") for word in text.split()]
            return self._of_names({name: word for name, _, word in pairs})
        words = text.split(":")
        if len(words) != len(self.slots):
            raise InvalidArchitecture(self._how(text))
        return [self._value(slot, word.strip()) for slot, word in enumerate(words)]

    def _of_literal(self, text: str) -> list[int]:
        try:
            found = ast.literal_eval(text) if text[0] == "(" else json.loads(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise InvalidArchitecture(self._how(text)) from None
        if isinstance(found, Mapping):
            return self._of_names(found)
        if not isinstance(found, list | tuple) or len(found) != len(self.slots):
            raise InvalidArchitecture(self._how(text))
        if any(type(number) is not int for number in found):
            return [self._value(slot, value) for slot, value in enumerate(found)]
        for slot, number in zip(self.slots, found, strict=True):
            if not 0 <= number < len(slot.values):
                most = len(slot.values) - 1
                raise InvalidArchitecture(
                    f"{slot.name} has the values 0 to {most}, not {number}: whole numbers count values; to "
                    f'write values, name them, {{"{slot.name}": {json.dumps(slot.values[0])}, …}}'
                )
        return list(found)

    def _of_names(self, given: Mapping[str, Any]) -> list[int]:
        known = {slot.name for slot in self.slots}
        for name in given:
            if name not in known:
                raise InvalidArchitecture(f"{self.space} has no decision {name!r}. {nearest(name, known)}".strip())
        return [
            self._value(number, given[slot.name]) if slot.name in given else 0 for number, slot in enumerate(self.slots)
        ]

    def _value(self, number: int, given: Any) -> int:
        """Return the position of a value, given as its word or as it is; None, as a dash, is of what is not active."""
        slot, word = self.slots[number], _word(given)
        if word in self._numbers[number]:
            return self._numbers[number][word]
        same = [i for i, value in enumerate(slot.values) if _exact(value) == _exact(given)]
        if len(same) == 1:
            return same[0]
        if given is None or word == _NOTHING:
            return 0
        words = self.words[number]
        raise InvalidArchitecture(f"{slot.name} is {', '.join(words[:-1])} or {words[-1]}, not {word[:40]}")

    def _how(self, text: str) -> str:
        example = ":".join(words[0] for words in self.words[:8]) + ("…" if len(self.words) > 8 else "")
        return (
            f"{text[:120]!r} is no architecture of {self.space}; write its {len(self.slots)} values with colons "
            f"between, such as {example}, or {self.slots[0].name}={self.words[0][0]} …, or a list of numbers"
        )


def _exact(value: Any) -> str:
    """Return a text that only equal values have: of a list that of a tuple; 1 is neither True nor 1.0."""
    return f"({', '.join(map(_exact, value))})" if isinstance(value, list | tuple) else repr(value)
