"""Functions of written spaces against terms that are written out for each row by other words than the library's."""

import itertools

import numpy as np
import pytest
from expressions import everything, expressions
from hypothesis import HealthCheck, assume, given, settings

from nasbed.core.registry import passing
from nasbed.spaces import WrittenSpace
from nasbed.spaces.parts import Op, Seq

generated = settings(suppress_health_check=list(HealthCheck))


@pytest.fixture
def letters(monkeypatch):
    """Let layers called ``a`` pass nothing on, and those called ``b``, without settings, what they read."""
    place = "nasbed.spaces.passing:"
    monkeypatch.setattr(passing, "_plugins", {"a": f"{place}nothing", "b": f"{place}unchanged"})


def term(part, reads, reshapes=False):
    """Write what comes out of a resolved part as a sorted list of terms, that are added; none for nothing."""
    match part:
        case Op():
            x = reads[-1]
            if part.label in ("a", "none") or not x:
                return ()
            if part.label in ("b", "skip") and not part.settings and not reshapes:
                return x
            return ((str(part), x),)
        case Seq():
            outputs = list(reads)
            for one in part.parts:
                outputs.append(term(one, outputs, reshapes))
            return outputs[-1]
    changes = reshapes or bool(part.settings)
    nodes = {i: reads[max(len(reads) - part.inputs + i, 0)] for i in range(part.inputs)}
    for node in range(part.inputs, part.nodes):
        brought = [
            term(one, [nodes[source]], changes and source < part.inputs)
            for (source, target), one in sorted(part.parts.items())
            if target == node
        ]
        nodes[node] = merged(part.merge, brought)
    outputs = [nodes[node] for node in part.concat or (part.nodes - 1,)]
    found = merged("concat", outputs)
    return (("channels", part.settings["channels"], found),) if found and "channels" in part.settings else found


def merged(how, brought):
    if how == "sum":
        return tuple(sorted(itertools.chain(*brought), key=repr))
    if how == "product" and not all(brought):
        return ()
    if len(brought) == 1 or not any(brought):
        return brought[0] if brought else ()
    return ((how, tuple(brought if how == "concat" else sorted(brought, key=repr))),)


def terms(space, rows):
    return [term(space.resolve(row), [(("input",),)]) for row in rows]


@pytest.mark.usefixtures("letters")
@generated
@given(expressions())
def test_rows_have_one_number_and_become_one_row_exactly_if_their_terms_are_the_same(expression):
    assume(everything(expression))
    space = WrittenSpace(expression)
    rows = space.enumerate()[:400]
    found = terms(space, rows)
    assert len(set(found)) == len(set(zip(found, space.function_key(rows).tolist(), strict=True)))
    simple = space.simplify(rows)
    assert space.valid(simple).all()
    assert terms(space, simple) == found
    assert (space.simplify(simple) == simple).all()
    assert len(np.unique(simple, axis=0)) == len(set(found))
