"""Finding: which decisions a function asks for, and on which of the others each depends, by trying it.

Networks are built with decisions drawn at random and with single changes of these. Where of two of them that are alike
in what a decision was seen to depend on one asks for it and the other does not, the way from the one to the other is
walked, change by change: the change at which the answer turns is of another decision on which it depends. In the end
all combinations of these are tried, if they are not too many, and further random ones, until nothing new is seen. What
was never asked for is taken not to be.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.records import Decision
from nasbed.core.registry import spaces
from nasbed.nets.deciding import MOST_DECISIONS, Deciding, text_of

Run = Mapping[str, int]
"""What one network asked for: the position of the value of each decision, in the order of asking."""

_DRAWN, _AGREEING = 32, 64  # networks at random: to begin with, and those that have to bring nothing new
_TIMES, _MOST_CHANGES = 2, 2_000  # how often each value is changed to, and how often in all
_MOST_COMBINATIONS = 1_024  # of values on which one decision depends that are tried; beyond, some
_MOST_ROUNDS = 30
_MOST_BUILDS = 50_000


class Finder:
    """Tries a function and tells what it asks for.

    Args:
        what: The function, in messages.
        build: Builds a network, asking what it is given; returns what tells it from others.
    """

    def __init__(self, what: str, build: Callable[[Callable[[], Deciding]], tuple[Deciding, Any]]) -> None:
        self.what, self.build = what, build
        self.known: dict[str, tuple[Any, ...]] = {}
        self.runs: dict[frozenset[tuple[str, int]], Run] = {}
        self.given: dict[str, list[str]] = {}
        self._made: dict[frozenset[tuple[str, int]], Run] = {}
        self._random = random.Random(0)
        self._builds = 0

    def found(self, examples: Sequence[Mapping[str, str]] = ()) -> list[dict[str, Any]]:
        """Return the decisions, those on which others depend first, as ``ModelSpace`` takes them.

        Args:
            examples: Architectures that are tried, too: words of values by name.

        Raises:
            BadSetting: When the function fails, or depends on anything but its decisions, or on too many at once.
        """
        for example in examples:
            self._example(example)
        for _ in range(_DRAWN):
            self._twice(self._drawn())
        self._change()
        self._learn()
        self._confirm()
        if not self.decisions:
            raise BadSetting(f"{self.what} leaves nothing to decide; let it ask for something, as d('width', 16, 32)")
        return [self._document(name) for name in self._ordered()]

    @property
    def decisions(self) -> list[str]:
        """The names of what there is more than one option of."""
        return [name for name, values in self.known.items() if len(values) > 1]

    # ── trying ──

    def _built(self, positions: Run, other: Callable[[str, int], int]) -> tuple[Run, Any]:
        self._builds += 1
        if self._builds > _MOST_BUILDS:
            raise BadSetting(
                f"after {_MOST_BUILDS:,} networks it is not clear when {self.what} asks for what; let fewer decisions "
                "depend on others"
            )
        deciding, outline = self.build(lambda: Deciding(self.what, self.known, positions, other))
        if len(self.known) > MOST_DECISIONS:
            raise BadSetting(f"{self.what} asks for more than {MOST_DECISIONS:,} decisions; let fewer be decided")
        run = deciding.asked
        self.runs.setdefault(frozenset(run.items()), run)
        return run, outline

    def _run(self, positions: Run) -> Run:
        """Try decisions; what they leave out has its first value."""
        key = frozenset((name, position) for name, position in positions.items() if position)
        if key not in self._made:
            self._made[key] = self._built(positions, lambda name, count: 0)[0]
        return self._made[key]

    def _drawn(self) -> Run:
        """Try decisions at random."""
        return self._built({}, lambda name, count: self._random.randrange(count))[0]

    def _twice(self, run: Run) -> None:
        """Try the same again, twice, and see that it is the same."""
        (one, first), (other, second) = (self._built(run, lambda name, count: 0) for _ in range(2))
        if list(one.items()) != list(run.items()) or list(other.items()) != list(run.items()) or first != second:
            raise self._unstable(run)

    def _unstable(self, run: Run) -> BadSetting:
        return BadSetting(
            f"{self.what} is not the same each time with {text_of(run, self.known)}: it depends on chance, on time or "
            "on what was built before. Let what varies be a decision, and draw nothing else; weights may be drawn"
        )

    def _example(self, example: Mapping[str, str]) -> None:
        """Try an architecture that the file lists.

        Raises:
            BadSetting: When the function does not ask for one of its names, or has no such value.
        """
        positions: dict[str, int] = {}
        while True:
            run = dict(self._run(positions))
            new = {name for name in example if name in run and name not in positions}
            if not new:
                break
            for name in new:
                words = spaces["model"].words(Decision(name, self.known[name]))
                if example[name] not in words:
                    said = f"{name} is {', '.join(words)}, not {example[name]}"
                    raise BadSetting(f"the examples of {self.what} name no architecture: {said}")
                positions[name] = words.index(example[name])
        if lost := [name for name in example if name not in positions]:
            raise BadSetting(f"{self.what} does not ask for {', '.join(lost)} in the example that names it")

    def _change(self) -> None:
        """Try single changes of all that was tried, each value twice."""
        tried: Counter[tuple[str, int]] = Counter()
        waiting = deque(self.runs.values())
        while waiting and tried.total() < _MOST_CHANGES:
            run = waiting.popleft()
            for name, position in run.items():
                for value in range(len(self.known[name])):
                    if value != position and tried[name, value] < _TIMES:
                        tried[name, value] += 1
                        waiting.append(self._run({**run, name: value}))

    # ── learning ──

    def _learn(self) -> None:
        """Learn on what each decision depends, until trying that brings nothing new."""
        before = -1
        while before != len(self.runs):
            before = len(self.runs)
            for name in self.decisions:
                self.given[name] = self._learned(name)
                self._try_all(name)

    def _learned(self, name: str) -> list[str]:
        """Return on what a decision depends, by all that was tried."""
        given = list(self.given.get(name, ()))
        while (clash := self._clash(name, given)) is not None:
            given.append(self._between(name, *clash))
        given.sort(key=self.decisions.index)
        for one in tuple(given):
            # What is asked for only because of it may tell the same.
            rest = [other for other in given if other != one]
            if rest and self._clash(name, rest) is None:
                given = rest
        return given

    def _clash(self, name: str, given: Sequence[str]) -> tuple[Run, Run] | None:
        """Return two runs that are alike in some decisions, of which one alone asks for another."""
        first: dict[tuple[int, ...], Run] = {}
        for run in self.runs.values():
            other = first.setdefault(_values(run, given), run)
            if (name in other) != (name in run):
                return other, run
        return None

    def _between(self, name: str, one: Run, other: Run) -> str:
        """Return a decision in which two runs differ and whose change decides whether another is asked for."""
        now = dict(one)
        for decision in self.decisions:
            value = other.get(decision, 0)
            if now.get(decision, 0) != value:
                now[decision] = value
                if (name in self._run(now)) != (name in one):
                    return decision
        raise self._unstable(one)

    def _try_all(self, name: str) -> None:
        """Try all values of what a decision depends on."""
        given, first = self.given[name], dict[tuple[int, ...], Run]()
        for run in self.runs.values():
            first.setdefault(_values(run, given), run)
        waiting = list(first) if given else []
        while waiting and len(first) < _MOST_COMBINATIONS:
            values = waiting.pop()
            for place, decision in enumerate(given):
                for value in range(len(self.known[decision])) if values[place] >= 0 else ():
                    if (*values[:place], value, *values[place + 1 :]) in first:
                        continue
                    run = self._run({**first[values], decision: value})
                    near = _values(run, given)
                    if near not in first:
                        first[near] = run
                        waiting.append(near)

    def _confirm(self) -> None:
        """Try random decisions until they bring nothing new.

        Raises:
            BadSetting: When they always do.
        """
        before = self._tables()
        for _ in range(_MOST_ROUNDS):
            for _ in range(_AGREEING):
                self._drawn()
            self._learn()
            now = self._tables()
            if now == before:
                return
            new = next(name for name in now if before.get(name) != now[name])
            before = now
        given = self.given[new]
        raise BadSetting(
            f"whether {self.what} asks for {new!r} depends on {len(given)} decisions at once "
            f"({', '.join(given[:4])}, …), in more ways than can be tried; ask for it in any case"
        )

    # ── telling ──

    def _tables(self) -> dict[str, tuple[tuple[str, ...], frozenset[tuple[int, ...]]]]:
        """Return for each decision on what it depends, and the values of that for which it is asked for."""
        return {
            name: (tuple(given), frozenset(_values(run, given) for run in self.runs.values() if name in run))
            for name, given in self.given.items()
        }

    def _document(self, name: str) -> dict[str, Any]:
        given = self.given[name]
        when = sorted({_values(run, given) for run in self.runs.values() if name in run})
        condition = {"given": given, "when": list(map(list, when))} if given else {}
        return {"name": name, "values": list(self.known[name]), **condition}

    def _ordered(self) -> list[str]:
        """Return the names as they are asked for, each behind those on which it depends."""
        order: list[str] = []
        for run in sorted(self.runs.values(), key=len, reverse=True):
            if not run.keys() <= set(order):
                place = 0
                for name in run:
                    if name not in order:
                        order.insert(place, name)
                    place = order.index(name) + 1
        places = {name: place for place, name in enumerate(order)}
        left = {name: len(self.given[name]) for name in order}
        ready, found = [places[name] for name in order if not left[name]], []
        heapify(ready)
        while ready:
            found.append(order[heappop(ready)])
            for name in order:
                if found[-1] in self.given[name]:
                    left[name] -= 1
                    if not left[name]:
                        heappush(ready, places[name])
        if lost := [name for name in order if name not in found]:
            raise BadSetting(
                f"{self.what} asks for {' and '.join(lost[:3])} each by what the other is; ask for one of them first, "
                "always"
            )
        return found


def _values(run: Run, names: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of the values of some decisions in a run, −1 for what it did not ask for."""
    return tuple(run.get(name, -1) for name in names)
