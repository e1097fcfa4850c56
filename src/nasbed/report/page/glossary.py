"""Glossary: what the words of a page mean, those alone that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nasbed.report.page.parts import Section

MEANINGS = {
    "run": "One search to the end of its budget; runs of a search differ in their random numbers alone.",
    "trial": "One architecture that a run proposed, with what it heard of it.",
    "evaluation": "A trial that was paid for: looked up in a table at the price of its training, or really trained.",
    "epoch": "One pass of a training through its data.",
    "budget": "What a run may spend, in evaluations, epochs or seconds.",
    "heard": "What a search was told of an architecture, usually the result of one training.",
    "validation": "Results on data that trainings do not see and searches do: what a search chooses by.",
    "test": "Results on data that neither trainings nor searches see, read once the search was over.",
    "incumbent": "The best architecture that a run has heard of so far, and that it would choose if it ended now.",
    "regret": "By how much what was chosen is worse than the best that the benchmark has; 0 is the best.",
    "optimum": "The best architecture that the benchmark has.",
    "interval": "A range that contains the true value in so many of 100 studies as it has %, such as 95.",
    "quartile": "A quarter of the runs is below the first, and a quarter above the third.",
    "told apart": "Of two searches: the interval of their difference does not contain 0, so it is rarely chance.",
    "p": "How likely a difference at least as large would be if the searches were equally good.",
    "Holm": "A correction of p for how many pairs are tested; without it, one of many pairs differs by chance.",
    "rank": "A search's place in a run among the others, 1 for the best; equals share their places.",
    "critical difference": "How far apart average ranks must be for two searches to be told apart.",
    "interquartile mean": "The mean of the middle half of the runs, which a few very good or bad ones do not move.",
    "optimality gap": "By how much runs stay below a goal on average, what is above counted as no more than the goal.",
    "performance profile": "For each value, the share of the runs that are better.",
    "target": "A regret to be reached; counted is how many runs reach it and when.",
    "optimism": "By how much what was chosen looked better than it is, since the luckiest of many is chosen.",
    "front": "The architectures of which no other is better in one objective and no worse in the others.",
    "hypervolume": "How much of the space of objectives a front covers; more is better.",
    "unique": "How many different architectures a run evaluated, equal ones counted once.",
    "seed": "The number that random numbers are made from; the same seed gives the same runs.",
    "twin": "An architecture that computes the same function as another one.",
    "unseen function": "What none of the architectures computes that a predictor has learned from.",
    "precision@10": "Which part of the ten that are predicted best are among the ten that are best.",
    "ancestor": "A trial that another was bred from, or one of its own ancestors.",
}
"""What words mean, in the order in which one meets them."""

_FORMS = {"p": r"\bp\b(?! ?\w*:)", "performance profile": r"\bperformance profiles?\b"}
"""Of words that are found otherwise than by themselves, with or without an s."""


def glossary(sections: Iterable[Section], said: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return the words that sections and sentences use, each with its meaning."""
    text = " ".join([*said, *(piece for section in sections for piece in _texts(section))])
    return [(word, meaning) for word, meaning in MEANINGS.items() if _uses(text, word)]


def _uses(text: str, word: str) -> bool:
    form = _FORMS.get(word, rf"\b{re.escape(word)}s?\b")
    return re.search(form, text, 0 if word == "p" else re.IGNORECASE) is not None


def _texts(section: Section) -> Iterator[str]:
    """Give what a section says to its reader."""
    yield section.title
    for part in section.parts:
        yield from [part] if isinstance(part, str) else part.said
