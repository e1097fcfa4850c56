"""What written spaces promise in particular: names, refusals, constraints, exact chances, files, pictures, searches."""

import json
import pickle
import sys
import time
from types import ModuleType

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture, UnknownName
from nasbed.core.registry import spaces
from nasbed.core.rng import Streams
from nasbed.run.history import History
from nasbed.spaces import WrittenSpace, choice, dag, depth, diagram, edges, op, seq, subset, where
from nasbed.spaces.parts import Dag
from nasbed.tables.table import Table
from nasbed.tables.writing import write_table
from nasbed.testing.keyed import KeyedBenchmark


def rising(network):
    """Say whether no layer is wider than the one behind it."""
    widths = [layer.settings["width"] for layer in network.parts]
    return widths == sorted(widths)


def layers(count, *widths):
    return seq(*[op("conv", width=choice(*widths)) for _ in range(count)])


def blocks(*counts, name=""):
    return depth(lambda i: op("mbconv", kernel=choice(3, 5), stride=2 - (i > 0)), *counts, name=name)


RISING = WrittenSpace(where(layers(4, 8, 16, 32), rising), "rising")
DEEP = WrittenSpace(seq(op("stem"), blocks(1, 2, 4, name="stage")), "deep")


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_decisions_are_named_by_where_they_stand_or_as_the_user_says():
    cell = edges(3, lambda i, j: choice(op("a"), op("b", width=choice(8, 16))), name="cell")
    mine = choice(1, 2, name="mine")
    space = WrittenSpace(seq(op("stem", width=mine), cell, blocks(1, 2), blocks(1, 2, name="stage"), cell))
    assert [slot.name for slot in space.slots] == [
        "stem.mine",
        *[f"cell.{edge}{rest}" for edge in ("0-1", "0-2", "1-2") for rest in ("", ".b.width")],
        *[f"{stage}.{rest}" for stage in ("2", "stage") for rest in ("depth", "block0.kernel", "block1.kernel")],
    ]
    assert space.slots[1].values == ("a", "b")
    assert space.slots[7].values == (1, 2)


def test_one_object_is_one_decision_and_a_call_makes_a_fresh_one():
    kernel = choice(3, 5, 7)
    shared = WrittenSpace(seq(op("conv", kernel=kernel), op("pool", kernel=kernel)))
    fresh = WrittenSpace(seq(op("conv", kernel=choice(3, 5, 7)), op("pool", kernel=choice(3, 5, 7))))
    assert (shared.size, fresh.size) == (3, 9)
    assert {str(shared.resolve(row)) for row in shared.enumerate()} == {
        f"conv(kernel={k}) → pool(kernel={k})" for k in (3, 5, 7)
    }


def test_a_decision_of_a_single_value_has_no_slot():
    space = WrittenSpace(seq(choice(choice(op("a"), op("b"))), blocks(1), op("c", k=choice(1), m=subset(2, 3, 5))))
    assert space.decisions == 2
    assert str(space.resolve(np.zeros(2, np.int8))) == "a → mbconv(kernel=3, stride=2) → c(k=1, m=(3, 5))"


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (choice, "no options"),
        (lambda: choice(*range(128)), "127 values at most, not 128"),
        (lambda: choice(op("a"), 3), "not both"),
        (lambda: subset(3, 1, 2), "1 to 2 of them, not 3"),
        (lambda: subset(5, *map(op, "abcdefghij")), "127 values at most, not 252"),
        (lambda: seq(choice(1, 2)), "not of a choice of settings"),
        (lambda: depth(op("a"), 1, 1), "different whole numbers"),
        (lambda: dag({}), "one edge at least"),
        (lambda: dag({(1, 0): op("a")}), "the lower one first"),
        (lambda: dag({2: op("a")}), "takes a subset of parts"),
        (lambda: dag({1: subset(1, op("a"), op("b"))}), "from a later one"),
        (lambda: dag({(0, 1): op("a")}, "mean"), "'sum', 'concat' or 'product', not 'mean'"),
        (lambda: dag({(0, 1): op("a")}, concat=(2,)), "concatenates nodes 1 to 1"),
        (lambda: dag({(0, 1): op("a")}, strides=2), "has no setting strides; of its shape it has stride, widen"),
        (lambda: edges(1, lambda i, j: op("a")), "two nodes at least"),
        (lambda: op("a", width=object()), "the setting width is a number"),
        (lambda: choice(1, 2, name="a b"), "a name is a text without spaces"),
        (lambda: where(op("a"), True), "a function"),
        (lambda: WrittenSpace(op("a")), "nothing to decide"),
        (lambda: WrittenSpace(layers(1, 8, 16), "a/b"), "letters, digits"),
        (lambda: WrittenSpace(layers(1, 8, 16), sampling="evenly"), "by rows or by decisions"),
        (lambda: WrittenSpace({"space": {"chioce": [1, 2]}}), "one of op, choice"),
        (lambda: WrittenSpace({"space": {"choice": [{"shared": "x"}]}}), "'x', which is not there"),
        (lambda: WrittenSpace({"space": {"shared": "x"}, "shared": {"x": {"seq": [{"shared": "x"}]}}}), "itself"),
        (lambda: WrittenSpace({"space": {"depth": [2], "blocks": [{"op": "a"}]}}), "as many blocks"),
        (lambda: WrittenSpace({"space": {"dag": {"a": {"op": "a"}}}}), "this dag in a space cannot be read"),
        (lambda: WrittenSpace({"space": {"op": "a"}, "size": 3}), "not size"),
    ],
)
def test_what_makes_no_sense_is_refused(write, why):
    with pytest.raises(BadSetting, match=why):
        write()


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    ["2:3:5:-:-", "stage.depth=2 stage.block1.kernel=5", '{"stage.depth": 2, "stage.block1.kernel": 5}', "[1,0,1,1,0]",
     "(1, 0, 1, 0, 0)", " 2 : 3 : 5 : - : - \n", "2:3:5:5:3"],
)  # fmt: skip
def test_every_way_to_write_an_architecture_is_read(text):
    assert DEEP.parse(text).tolist() == [1, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "write its 5 values with colons between, such as 1:3:3:3:3"),
        ("2:3:5", "write its 5 values"),
        ("2:3:7:-:-", "stage.block1.kernel is 3 or 5, not 7"),
        ("stage.dept=2", "has no decision 'stage.dept'. Did you mean 'stage.depth'"),
        ("[0, 0, 2, 0, 0]", "has the values 0 to 1, not 2"),
        ("[0, 0, 1]", "write its 5 values"),
        ("(" * 100_000, "no architecture of deep"),
        ("__import__('os')", "no architecture of deep"),
    ],
)
def test_what_is_no_architecture_is_refused_with_what_is_wrong(text, why):
    with pytest.raises(InvalidArchitecture, match=why.replace("(", r"\(")):
        DEEP.parse(text)


def test_what_breaks_a_constraint_is_refused():
    with pytest.raises(InvalidArchitecture, match="breaks a constraint of rising"):
        RISING.parse("32:8:8:8")


# ── constraints ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_mutation_reaches_what_no_single_change_leads_to():
    space = WrittenSpace(where(layers(3, 1, 2), lambda network: len({str(layer) for layer in network.parts}) == 1))
    assert space.size == 2
    assert not len(space.neighbors(space.enumerate()[0]))
    streams = Streams.from_seed(0, 200)
    parents = np.zeros((200, 3), np.int8)
    children = space.mutate(parents, streams)
    assert (children.sum(axis=1) % 3 == 0).all()
    assert (children != parents).any()
    islands = WrittenSpace(where(layers(4, 1, 2), lambda network: str(network).count("1") != 2))
    reached = islands.mutate(np.zeros((4_000, 4), np.int8), Streams.from_seed(1, 4_000))
    assert reached.sum(axis=1).max() >= 3


def test_a_constraint_that_hardly_anything_keeps_is_said_to_be_one():
    space = WrittenSpace(where(layers(20, 1, 2), lambda network: False))
    assert space.size is None
    with pytest.raises(BadSetting, match="of 1,000 rows drawn of written none keeps its constraints"):
        space.sample(Streams.from_seed(0, 2))


def test_a_wrong_count_is_found_out_where_rows_can_be_listed():
    assert WrittenSpace(where(layers(4, 8, 16, 32), rising, count=15)).size == 15
    with pytest.raises(BadSetting, match="makes 16 rows of written; 15 are allowed"):
        _ = WrittenSpace(where(layers(4, 8, 16, 32), rising, count=16)).size


@pytest.mark.parametrize("shape", ["conditional", "shared", "without-count"])
def test_the_size_is_not_known_where_the_counts_do_not_tell_it(shape):
    many, width = layers(40, 1, 2), choice(8, 16)
    inner = seq(op("conv", width=width), op("conv", width=choice(8, 16)))
    expression = {
        "conditional": lambda: seq(many, choice(op("a"), where(inner, rising, count=3))),
        "shared": lambda: seq(many, op("other", width=width), where(inner, rising, count=3)),
        "without-count": lambda: seq(many, where(inner, rising)),
    }[shape]()
    assert WrittenSpace(expression).size is None


def test_what_stands_in_every_option_always_applies():
    inner = where(layers(4, 8, 16, 32), rising, count=15)
    space = WrittenSpace(seq(layers(40, 1, 2), choice(seq(op("a"), inner), seq(op("b"), inner))))
    assert space.size == 2**40 * 2 * 15
    assert space.active(np.zeros((1, space.decisions), np.int8)).all()


def test_a_child_takes_each_decision_from_a_parent_in_which_it_counts():
    deep, flat = DEEP.parse("4:5:5:5:5"), DEEP.parse("1:3:-:-:-")
    runs = 100
    mothers, fathers = (np.repeat(row[None], runs, axis=0) for row in (deep, flat))
    for one, other in ((mothers, fathers), (fathers, mothers)):
        children = DEEP.crossover(one, other, Streams.from_seed(0, runs))
        depths = children[:, 0]
        assert set(depths.tolist()) == {0, 2}
        assert (children[depths == 2][:, 2:] == 1).all()


def test_a_predicate_is_asked_once_for_each_form():
    asked = []
    space = WrittenSpace(seq(where(layers(2, 1, 2), lambda part: asked.append(str(part)) or True), layers(6, 1, 2)))
    rows = space.sample(Streams.from_seed(0, 500))
    assert space.valid(rows).all()
    assert len(asked) == len(set(asked)) == 4


def test_a_lambda_is_good_for_trying_out_but_neither_written_nor_searched_with(tmp_path):
    space = WrittenSpace(where(layers(3, 1, 2), lambda network: True))
    assert space == space
    assert space != WrittenSpace(space.expression)
    assert hash(space) is not None
    assert space.valid(space.sample(Streams.from_seed(0, 5))).all()
    no_name = r"'.*<lambda>' of where has no name to be written by; define it at the top"
    with pytest.raises(BadSetting, match=no_name):
        space.write(tmp_path / "space.toml")
    with pytest.raises(BadSetting, match=no_name):
        nasbed.search("random", KeyedBenchmark(space), runs=2, evaluations=5, seed=0)


def test_printing_a_space_asks_no_predicate():
    space = WrittenSpace(where(layers(3, 1, 2), lambda network: 1 / 0), "broken")
    assert repr(space) == "WrittenSpace('broken', 3 decisions)"
    assert "conv-0.width of 2 values" in space._repr_html_()


def test_cells_that_share_their_choices_share_their_decisions_whatever_shape_comes_out():
    normal = edges(3, lambda i, j: choice(op("skip"), op("conv")), name="normal")
    smaller = dag(normal.parts, stride=2, widen=choice(1, 2), name="smaller")
    space = WrittenSpace(seq(normal, smaller, normal))
    assert [slot.name for slot in space.slots[3:]] == ["smaller.widen"]
    assert str(space.resolve(space.parse("skip:skip:skip:2")).parts[1]).endswith("2: skip}(stride=2, widen=2)")
    assert WrittenSpace(**json.loads(json.dumps(space.settings()))) == space


@pytest.mark.parametrize(("shape", "functions"), [({}, 1), ({"stride": 2}, 2), ({"widen": 2}, 2), ({"widen": 1}, 1)])
def test_where_a_cell_changes_the_shape_a_skip_from_its_input_is_no_identity(shape, functions):
    space = WrittenSpace(choice(dag({(0, 1): op("skip")}, **shape), op("skip")))
    assert len(set(space.function_key(space.enumerate()).tolist())) == functions


class Own:
    """Stands for a layer of the user's."""


def test_a_layer_of_the_users_own_is_called_by_its_class_and_written_by_its_module(tmp_path):
    space = WrittenSpace(seq(op(Own, k=choice(1, 2)), op("conv")), "own")
    assert space.slots[0].name == "Own.k"
    space.write(tmp_path / "own.toml")
    assert f"{__name__}:Own" in (tmp_path / "own.toml").read_text()
    read = WrittenSpace.open(tmp_path / "own.toml")
    assert read == space
    assert read.expression.parts[0].maker.found() is Own
    assert pickle.loads(pickle.dumps(space)).expression.parts[0].maker is Own


def test_a_layer_without_a_name_is_not_written(tmp_path):
    space = WrittenSpace(seq(op(lambda: None, k=choice(1, 2))))
    with pytest.raises(BadSetting, match=r"the layer '.*<lambda>' of op has no name to be written by"):
        space.write(tmp_path / "own.toml")


def test_a_predicate_of_a_file_is_never_imported_for_it():
    settings = {"expression": {"space": {"where": {"choice": [{"op": "a"}, {"op": "b"}]}, "holds": "evil:holds"}}}
    space = WrittenSpace(**settings)
    assert "evil" not in sys.modules
    with pytest.raises(BadSetting, match="the space's constraint is evil:holds; import evil first"):
        _ = space.size
    sys.modules["evil"] = module = ModuleType("evil")
    module.holds = lambda part: part.label == "a"
    try:
        assert space.size == 1
    finally:
        del sys.modules["evil"]
    with pytest.raises(UnknownName, match="no predicate is called 'unknown'"):
        _ = WrittenSpace({"space": {**settings["expression"]["space"], "holds": "unknown"}}).size


# ── chance ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_are_drawn_evenly_to_the_last_digit(monkeypatch):
    """With digits of three bits nearly every draw is left open by its first one, and further ones decide."""
    monkeypatch.setattr(diagram, "_BITS", 3)
    space = WrittenSpace(choice(op("a"), op("b", k=choice(*range(7))), op("c", k=choice(*range(5)), m=choice(1, 2, 3))))
    counted = np.bincount(space.index(space.sample(Streams.from_seed(0, 4_600))), minlength=23)
    assert space.size == 23
    assert ((counted - 200) ** 2 / 200).sum() < 60


def test_a_branch_of_one_in_ten_to_the_thirty_is_known_to_be_one():
    space = WrittenSpace(choice(op("rare"), layers(100, 8, 16)))
    assert space.size == 2**100 + 1
    assert (space.sample(Streams.from_seed(0, 1_000))[:, 0] == 1).all()
    assert 400 < space.sample_decisions(Streams.from_seed(0, 1_000))[:, 0].sum() < 600


def test_a_thousand_decisions_are_counted_and_drawn():
    space = WrittenSpace(seq(*[choice(op("a"), layers(2, 1, 2, 3)) for _ in range(400)]))
    assert space.size == 10**400
    rows = space.sample(Streams.from_seed(0, 20))
    assert abs(space.active(rows)[:, 1].mean() - 0.9) < 0.3
    assert len(set(space.key(rows).tolist())) == 20


def test_what_has_too_many_forms_has_no_size_and_is_drawn_by_decisions():
    many = [edges(2, lambda i, j: choice(op("a"), op("b"))) for _ in range(24)]
    space = WrittenSpace(seq(*[choice(op("none"), *many) for _ in range(24)]))
    assert space.size is None
    assert not space.is_enumerable
    rows = space.sample(Streams.from_seed(0, 30))
    assert space.valid(rows).all()


@pytest.mark.parametrize("what", ["sample", "mutate", "key"])
def test_twenty_decisions_take_less_than_five_microseconds_a_row(what):
    choices = [choice(op("a"), op("b", k=choice(1, 2, 3, 4)), op("c", k=choice(1, 2))) for _ in range(7)]
    space, streams = WrittenSpace(seq(*choices)), Streams.from_seed(0, 5_000)
    assert space.decisions >= 20
    rows = space.sample(streams)
    call = {
        "sample": lambda: space.sample(streams),
        "mutate": lambda: space.mutate(rows, streams),
        "key": lambda: space.key(rows),
    }[what]
    fastest = min(_seconds(call) for _ in range(10))
    assert len(rows) / fastest > 200_000


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# ── what is made of a space ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("space", [RISING, DEEP], ids=repr)
def test_a_table_carries_its_space(tmp_path, space):
    table = write_table(tmp_path / "t.arrow", space, None, {})
    again = Table.open(table.path).space
    assert again == space
    assert again.name == space.name
    assert table.complete
    rows = space.enumerate()
    scrambled = np.where(space.active(rows), rows, np.int8(1))
    assert (table.rows(scrambled) == np.arange(space.size)).all()


def test_a_history_carries_its_space(tmp_path):
    found = nasbed.search("regularized-evolution", KeyedBenchmark(DEEP), runs=3, evaluations=40, seed=0)
    found.to_parquet(tmp_path / "h.parquet")
    again = History.from_parquet(tmp_path / "h.parquet")
    assert again.space == DEEP
    assert (again.archs == found.archs).all()


def test_a_file_is_named_where_spaces_are_named(tmp_path):
    DEEP.write(tmp_path / "deep.toml")
    assert nasbed.space(str(tmp_path / "deep.toml")) == DEEP
    with pytest.raises(BadSetting, match=r"there is no file .*lost\.json with a space in it"):
        nasbed.space(str(tmp_path / "lost.json"))
    with pytest.raises(BadSetting, match="the space 'written' is not made by its name alone; name its file"):
        nasbed.space("written")
    with pytest.raises(BadSetting, match="has its settings there; it takes no vertices"):
        nasbed.space(str(tmp_path / "deep.toml"), vertices=5)
    (tmp_path / "other.toml").write_text("[space")
    with pytest.raises(BadSetting, match="is no file of a space"):
        nasbed.space(str(tmp_path / "other.toml"))
    (tmp_path / "later.json").write_text('{"nasbed-space": 2}')
    with pytest.raises(BadSetting, match="written by a later nasbed"):
        nasbed.space(str(tmp_path / "later.json"))


def test_a_space_is_made_again_by_its_name_in_the_registry():
    assert spaces.make(RISING.kind, json.loads(json.dumps(RISING.settings()))) == RISING
    assert pickle.loads(pickle.dumps(RISING)).expression.predicate is rising


@pytest.mark.parametrize("name", ["asha", "bohb", "dehb", "evolutionary", "local", "nsga2", "reinforce"])
def test_optimizers_play_where_decisions_switch_others_on(name):
    found = nasbed.search(name, KeyedBenchmark(DEEP), runs=4, evaluations=25, seed=0)
    assert DEEP.valid(found.archs[found.tried]).all()


def test_what_is_one_object_is_one_object_when_resolved():
    cell = edges(3, lambda i, j: choice(op("a"), op("b")))
    space = WrittenSpace(seq(op("stem"), cell, op("reduce", stride=2), cell, edges(3, lambda i, j: op("a"))))
    _, first, reduction, second, last = space.resolve(np.array([0, 1, 0], np.int8)).parts
    assert first is second is not last
    assert isinstance(first, Dag)
    assert [part.label for part in first.parts.values()] == ["a", "b", "a"]
    assert dict(reduction.settings) == {"stride": 2}


def test_a_cell_of_two_inputs_reads_the_two_parts_before_it():
    cell = dag({2: subset(1, op("a"), op("b"))}, inputs=2, name="cell")
    space = WrittenSpace(seq(op("stem"), cell, op("x"), cell))
    graph = space.graph(np.array([0], np.int8))
    assert graph.labels == ("input", "input 0", "input 1", "a", "output")
    drawn = space.svg(np.array([1], np.int8))
    assert drawn.count("<svg") == 3
    assert "the whole" in drawn


def test_a_chain_is_drawn_as_its_layers():
    graph = DEEP.graph(DEEP.parse("2:3:5:-:-"))
    assert graph.labels == ("input", "stem", "mbconv(kernel=3, stride=2)", "mbconv(kernel=5, stride=1)", "output")
    assert graph.edges == [(0, 1), (1, 2), (2, 3), (3, 4)]
