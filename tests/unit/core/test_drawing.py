"""Drawings: well-formed, with every vertex and edge, and no edge through a box."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.layout import layered

SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def graphs(draw):
    n = draw(st.integers(2, 8))
    matrix = [[draw(st.integers(0, 1)) if i < j else 0 for j in range(n)] for i in range(n)]
    return Graph.of(
        matrix, [INPUT, *(draw(st.sampled_from(["conv3x3-bn-relu", "pool"])) for _ in range(n - 2)), OUTPUT]
    )


def points_of(path):
    """Follow a path of M, C and V in small steps."""
    x = y = 0.0
    for command, numbers in re.findall(r"([MCV])([^MCV]*)", path):
        values = [float(value) for value in numbers.split()]
        if command == "V":
            yield from ((x, y + (values[0] - y) * t / 20) for t in range(21))
            y = values[0]
        elif command == "C":
            x1, y1, x2, y2, x3, y3 = values
            for t in (i / 20 for i in range(21)):
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield a * x + b * x1 + c * x2 + d * x3, a * y + b * y1 + c * y2 + d * y3
            x, y = x3, y3
        else:
            x, y = values


@given(graphs())
def test_edges_pass_no_box_and_stay_on_the_canvas(graph):
    root = ElementTree.fromstring(graph.svg())
    _, _, width, height = (float(value) for value in root.get("viewBox").split())
    boxes = [[float(rect.get(key)) for key in ("x", "y", "width", "height")] for rect in root.iter(f"{SVG}rect")]
    lines = [path.get("d") for path in root.iter(f"{SVG}path") if path.get("fill") == "none"]
    assert len(boxes) == graph.vertices
    assert len(lines) == len(graph.edges)
    for line in lines:
        for x, y in points_of(line):
            assert 0 <= x <= width
            assert 0 <= y <= height
            assert not any(left < x < left + w and top < y < top + h for left, top, w, h in boxes)


@given(graphs())
def test_boxes_and_bends_of_a_layer_keep_their_distance(graph):
    layout = layered(graph, [50.0] * graph.vertices, 10.0)
    items = [(layer, centre, 50.0) for layer, centre in zip(layout.layers, layout.centres, strict=True)]
    for (source, target), bends in layout.bends.items():
        assert layout.layers[source] < layout.layers[target]
        assert len(bends) == layout.layers[target] - layout.layers[source] - 1
        items += [(layer, bend, 0.0) for layer, bend in enumerate(bends, layout.layers[source] + 1)]
    for i, (layer, centre, width) in enumerate(items):
        assert width / 2 - 1e-6 <= centre <= layout.width - width / 2 + 1e-6
        for other, its_centre, its_width in items[:i]:
            assert other != layer or abs(centre - its_centre) >= (width + its_width) / 2 + 10 - 1e-6


def test_labels_are_escaped():
    graph = Graph.of([[0, 1], [0, 0]], ['<&"', "back\\slash"])
    root = ElementTree.fromstring(graph.svg())
    assert [text.text for text in root.iter(f"{SVG}text")] == list(graph.labels)
    assert root.get("aria-label").endswith('<&", back\\slash')
    assert 'label="<&\\""' in graph.dot()
    assert 'label="back\\\\slash"' in graph.dot()


def test_a_label_has_the_same_colour_in_every_drawing():
    fills = []
    for labels in (["input", "conv3x3-bn-relu", "output"], ["input", "maxpool3x3", "conv3x3-bn-relu", "output"]):
        n = len(labels)
        graph = Graph.of([[int(j == i + 1) for j in range(n)] for i in range(n)], labels)
        fills.append(re.search(r'label="conv3x3-bn-relu", fillcolor="(#\w+)"', graph.dot())[1])
        assert len(set(re.findall(r"fillcolor=\"(#\w+)\"", graph.dot()))) == n - 1
    assert fills[0] == fills[1]


WITH_NONE = Graph.of([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], ["input", "none", "pool", "output"])


def test_what_has_no_effect_is_dashed():
    root = ElementTree.fromstring(WITH_NONE.svg())
    boxes = [rect.get("stroke-dasharray") is not None for rect in root.iter(f"{SVG}rect")]
    lines = [path.get("stroke-dasharray") is not None for path in root.iter(f"{SVG}path") if path.get("fill") == "none"]
    assert boxes == [False, True, False, False]
    assert dict(zip(WITH_NONE.edges, lines, strict=True)) == {(0, 1): True, (0, 2): False, (1, 3): True, (2, 3): False}


def test_what_has_no_effect_is_dashed_in_dot():
    dashed = [line.strip().split(" [")[0] for line in WITH_NONE.dot().splitlines() if "dashed" in line]
    assert dashed == ["1", "0 -> 1", "1 -> 3"]


def test_both_ends_are_drawn_in_full_even_if_nothing_leads_from_one_to_the_other():
    root = ElementTree.fromstring(Graph.of([[0, 0], [0, 0]], ["input", "output"]).svg())
    assert not any(rect.get("stroke-dasharray") for rect in root.iter(f"{SVG}rect"))


def test_dot_names_every_edge():
    graph = Graph.of([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "a", "output"])
    assert re.findall(r"(\d) -> (\d);", graph.dot()) == [("0", "1"), ("0", "2"), ("1", "2")]


@pytest.mark.parametrize("vertices", [0, 1])
def test_the_smallest_graphs_can_be_drawn(vertices):
    graph = Graph.of([[0]] if vertices else [], ["alone"] * vertices) if vertices else Graph((), ())
    assert graph._repr_svg_() == graph.svg()
    ElementTree.fromstring(graph.svg())
