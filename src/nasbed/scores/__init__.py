"""Scores of many architectures: what was asked, the campaign that finds it, and what it found."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.scores.campaign import score_space as score_space
    from nasbed.scores.scores import Scores as Scores
else:
    __getattr__, __dir__ = lazily(__name__)
