"""Figures and chapters of one-shot searches: what is drawn of a course, with and without parameters or a table."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.oneshot.course import Course, Moment, Ranked
from nasbed.report.oneshot import agreement, alphas, colours_of, derived, figures, heat, losses, strip
from nasbed.report.page.oneshot import chapter
from nasbed.spaces.darts import DARTS
from nasbed.spaces.nasbench201 import NASBench201

SPACE = NASBench201()
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
NAMES = [f"edge{i}" for i in range(6)]


def moment(epoch, row, known=None):
    row = np.array(row, np.int8)
    chances = {name: [0.2, 0.1, 0.1, 0.5, 0.1] for name in NAMES}
    return Moment(
        epoch, 5 * epoch, 2.0 / epoch, 2.1 / epoch, 1.5, SPACE.format(row), row.tolist(), 1, chances, known or {}
    )


def course(moments, **about):
    decisions = tuple((name, OPERATIONS) for name in NAMES)
    return Course("gdas", {"name": "nasbench201"}, "digits", 0, 9, decisions, tuple(moments), **about)


def texts(figure):
    return {text.get_text() for axes in figure.axes for text in axes.get_yticklabels()}


def test_a_row_of_the_map_is_a_value_of_a_decision_over_epochs():
    found = course([moment(1, [0] * 6), moment(2, [3] * 6)])
    chances, names, starts = heat(found)
    assert chances.shape == (30, 2)
    assert chances[:5, 1].tolist() == [0.2, 0.1, 0.1, 0.5, 0.1]
    assert names[3] == "edge0 = nor_conv_3x3"
    assert starts == [0, 5, 10, 15, 20, 25]
    assert "edge0 = nor_conv_3x3" in {text.replace("\n", " ") for text in texts(alphas(found))}


def test_what_does_not_count_is_blank():
    space = DARTS(cells=3, channels=4)
    row = space.canonical(space.enumerate()[:1] if space.is_enumerable else np.zeros((1, space.decisions), np.int8))[0]
    decisions = tuple((slot.name, tuple(map(str, slot.values))) for slot in space.slots)
    found = Course(
        "darts", {"name": "darts", "cells": 3, "channels": 4}, "digits", 0, 2, decisions,
        (Moment(1, 5, 1.0, 1.0, 1.0, space.format(row), row.tolist(), 8),),
    )  # fmt: skip
    chosen, words, names = strip(found)
    assert ((chosen == -1)[:, 0] == ~space.active(row[None])[0]).all()
    assert words[chosen[names.index("normal.node2.from0"), 0]] == "max_pool_3x3"
    derived(found)
    assert len({tuple(np.atleast_1d(colour)) for colour in map(str, colours_of(14))}) == 14


def test_a_course_without_parameters_and_table_has_fewer_figures():
    plain = Moment(1, 5, 1.0, None, None)
    assert [name for name, _ in figures(course([plain]))] == ["losses"]
    assert chapter(course([plain]), 0, True).headline.startswith("gdas on nasbench201 and digits derived nothing yet")
    labels = [line.get_label() for line in losses(course([plain])).axes[0].lines]
    assert labels == ["training loss"]
    with pytest.raises(BadSetting, match="no epoch yet"):
        chapter(course([]), 0, True)


def test_with_a_table_what_was_looked_up_is_drawn_and_ranks_are_compared():
    ranked = Ranked([[0] * 6, [1] * 6, [3] * 6], [0.1, 0.2, 0.3], {"a/test": [10.0, 30.0, 20.0]})
    found = course([moment(1, [0] * 6, {"a/test": 10.0}), moment(2, [0] * 6, {"a/test": 10.0})], ranked=ranked)
    assert [name for name, _ in figures(found)] == ["alphas", "derived", "losses", "table", "supernet-a-test"]
    assert agreement(np.array(ranked.inherited), np.array([10.0, 30.0, 20.0])) == "0.500"
    assert agreement(np.array([0.1, 0.1, 0.1]), np.array([1.0, 2.0, 3.0])) == "–"
    written = chapter(found, 0, True)
    names = [section.name for section in written.sections]
    assert names == ["alphas", "derived", "losses", "table", "supernet", "origin"]
    assert written.sections[1].parts[0] == "It did not change."
