"""A network of one's own: what is found of its decisions, what it is built of, and what is wrong with it."""

import random

import numpy as np
import pytest
import torch
from torch import nn

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture, NotNamed
from nasbed.core.rng import Streams
from nasbed.nets import finding, load_network
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.finding import Finder
from nasbed.nets.initialisation import initialised
from nasbed.nets.network_file import save_network
from nasbed.nets.recipe import RECIPES
from nasbed.nets.side_by_side import way_of
from nasbed.spaces.model import ModelSpace
from nasbed.testing import check_space

HEAD = """import random, time, torch
from torch import nn

def net(width, classes=10, sources=3):
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)
    return nn.Sequential(nn.Conv2d(sources, width, 3), *head)

"""
CNN = """def build(d, classes, image_channels):
    width, layers, sources = d("width", 4, 8), [], image_channels
    for i in range(d("depth", 1, 2, 3)):
        kernel = d(f"block{i}.kernel", 1, 3)
        layers += [nn.Conv2d(sources, width, kernel, padding=kernel // 2), nn.BatchNorm2d(width)]
        layers, sources = [*layers, d("act", nn.ReLU, nn.GELU)()], width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))
"""  # fmt: skip


@pytest.fixture
def space(tmp_path, monkeypatch):
    """Writes a file with a function, ``build``, and gives its space; what is too much is less than usual."""
    monkeypatch.setattr(finding, "_MOST_COMBINATIONS", 64)
    monkeypatch.setattr(finding, "_MOST_ROUNDS", 5)

    def make(code=CNN, name="model.py"):
        (tmp_path / name).write_text(HEAD + code)
        return nasbed.space(f"{tmp_path / name}:build")

    return make


def some(space, count=20):
    return space.sample(Streams.from_seed(0, count))


# ── what is found ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_asked_for_is_found(space):
    found = space()
    assert [(slot.name, slot.values) for slot in found.slots] == [
        ("width", (4, 8)),
        ("depth", (1, 2, 3)),
        ("block0.kernel", (1, 3)),
        ("act", ("ReLU", "GELU")),
        ("block1.kernel", (1, 3)),
        ("block2.kernel", (1, 3)),
    ]
    assert found.size == 2 * 2 * (2 + 4 + 8)
    assert found.parse("depth=2").tolist() == [0, 1, 0, 0, 0, 0]
    assert found.active(found.parse("depth=2")[None]).tolist() == [[True] * 5 + [False]]


@pytest.mark.slow
def test_what_is_found_keeps_the_laws(space):
    assert len(check_space(space())) > 10


def grown(chance, depth=0):
    """A random program: what it asks for in turn, each with the values for which it goes on with another."""
    steps = []
    for _ in range(chance.randint(1, 3)):
        options = chance.randint(2, 4)
        inner = grown(chance, depth + 1) if depth < 3 and chance.random() < 0.5 else []
        steps.append((f"x{chance.getrandbits(40)}", options, chance.sample(range(options), 1), inner))
    return steps


def played(d, program, answers):
    for name, options, wanted, inner in program:
        answers[name] = d(name, *range(options))
        if answers[name] in wanted:
            played(d, inner, answers)


@pytest.mark.slow_where("4", "5", "6", "7")
@pytest.mark.parametrize("seed", range(8))
def test_of_any_program_it_is_found_what_it_asks_for_when(seed):
    chance = random.Random(seed)
    first, second = grown(chance), grown(chance)

    def play(d):
        answers = {}
        played(d, first, answers)
        if sum(list(answers.values())[:3]) % 3 == 1:  # on several at once, and on which of them are asked for
            d("late", 1, 2)
        elif answers[first[-1][0]] != 1:
            d("other", 1, 2, 3)
        played(d, second, answers)

    def build(make):
        d = make()
        play(d)
        return d, None

    finder = Finder("it", build)
    found = ModelSpace("a.py:b", finder.found())
    for row in some(found, 300):
        positions = found.asked(row)
        assert finder._built(positions, lambda name, count: pytest.fail(f"{name} was not foreseen"))[0] == positions


@pytest.mark.slow_where("True")
@pytest.mark.parametrize("listed", [False, True])
def test_what_chance_does_not_meet_can_be_listed(space, listed):
    code = """def build(d):
    bits = [d(f"b{i}", 0, 1) for i in range(16)]
    return net(4 if not all(bits) or d("late", "a", "b") == "a" else 8)
"""
    example = " ".join(f"b{i}=1" for i in range(16))
    found = space(code + f"build.examples = [{example!r}]\n" * listed)
    assert found.decisions == 16 + listed
    row = found.parse(example)
    if listed:
        assert found.format(row).endswith("late=a")
        assert nasbed.network(found, f"{example} late=b")[0].out_channels == 8
    else:
        with pytest.raises(InvalidArchitecture, match=rf"asks for 'late', unlike .*build.examples = \['{example}'\]"):
            nasbed.network(found, row)


def test_a_class_is_a_function_and_may_import_what_lies_beside_it(space, tmp_path):
    (tmp_path / "beside_it.py").write_text("def wide(d):\n    return d('width', 4, 8)\n")
    found = space("""class build(nn.Module):
    def __init__(self, d):
        super().__init__()
        from beside_it import wide
        self.inner = net(wide(d))

    def forward(self, x):
        return self.inner(x)
""")
    assert found.size == 2
    assert type(nasbed.network(found, "width=8")).__name__ == "build"


@pytest.mark.slow
def test_a_build_that_computes_with_tensors_is_built_with_weights(space):
    found = space("""def build(d):
    rates = [rate.item() for rate in torch.linspace(0, 0.1, d("depth", 1, 2))]
    return nn.Sequential(*map(nn.Dropout, rates), net(4))
""")
    assert nasbed.nets.params(found, found.enumerate()).tolist() == [162, 162]


WRONG = {
    "chance": ('random.random() < 0.5 and d("b", 1, 2); return net(d("a", 4, 8))', "depends on chance, on time"),
    "drawn": ('return net(d("a", 4, 8) + random.randrange(99))', "depends on chance, on time"),
    "torch's": ('return net(d("a", 4, 8) + int(torch.randint(99, (), device="cpu")))', "depends on chance, on time"),
    "many": ('[d(f"a{i}", 1, 2) for i in range(10**6)]; return net(4)', "more than 4,096 decisions, or without end"),
    "endless": ('\n    while d("a", 1, 2): pass', "more than 4,096 decisions, or without end"),
    "empty": ('return net(d("a"))', r"asks for 'a' without options; give it some: d\('a', 16, 32\)"),
    "a list": ('return net(d("a", [4, 8]))', r"no number, text.*write them one by one"),
    "an object": ('d("a", nn.ReLU(), nn.GELU()); return net(4)', "give its class, and call what is chosen"),
    "twice": (
        'return net(d("a", 4, 8) + d("a", 4, 16))',
        "asks for 'a' of 4, 8 and elsewhere of 4, 16; .* two names",
    ),
    "by another": ('return net(d("a", 4, 5 * d("b", 1, 2)))', "asks for 'a' of .* and elsewhere of .* use two names"),
    "same": ('return net(d("a", 4, 4))', "gives 'a' an option twice: 4, 4"),
    "128": ('return net(d("a", *range(1, 129)))', "gives 'a' 128 options; 127 at most"),
    "nothing": ('return net(d("a", 4))', "leaves nothing to decide; let it ask for something"),
    "name": ('return net(d("a b", 4, 8))', "a text without spaces and none of = : , #, not 'a b'"),
    "no text": ("return net(d(4, 8))", "a text without spaces .* not 4"),
    "fails": (
        'return net(d("a", 4, 8) // d("b", 0, 1))',
        r"with a=\d b=0, failed with ZeroDivisionError: .*\(line 9",
    ),
    "forgot": ('net(d("a", 4, 8))', "must return a network, an nn.Module, not NoneType; did it forget"),
    "tensor": ('return torch.zeros(d("a", 4, 8))', "must return a network, an nn.Module, not Tensor"),
    "circle": (
        '(d("a", 1, 2) == 1 and d("x", 1, 2) == 1 and d("y", 1, 2)) or '
        '(d("a", 1, 2) == 2 and d("y", 1, 2) == 1 and d("x", 1, 2)); return net(4)',
        "each by what the other is; ask for one of them first, always",
    ),
    "too much": (
        'bits = [d(f"b{i}", 0, 1) for i in range(20)]; sum(bits) % 2 and d("odd", 1, 2); return net(4)',
        "whether .* asks for 'odd' depends on 20 decisions at once",
    ),
}


@pytest.mark.slow_where("too much")
@pytest.mark.parametrize("what", WRONG)
def test_what_no_space_can_be_made_of_is_refused_in_a_sentence(space, what):
    code, why = WRONG[what]
    with pytest.raises(BadSetting, match=why):
        space(f"def build(d):\n    {code}\n")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def built(d): pass", r"has no function build; it is to be called with the decisions, as in def build\(d\)"),
        ("1 / 0", r"failed with ZeroDivisionError: division by zero \(line 8 of model.py\)"),
        ("def build(d, depth): pass", "takes depth, which nasbed has not; .* may take classes, image_size, image_ch"),
        ("def build(d): return net(d('a', 4, 8))\nbuild.examples = ['a=5']", "name no architecture: a is 4, 8, not 5"),
        ("def build(d): return net(d('a', 4, 8))\nbuild.examples = ['b=5']", "does not ask for b in the example"),
        (
            "def build(d): return net(d('a', 4, 8))\nbuild.examples = [4]",
            r"texts as in \['width=32 depth=9'\]",
        ),
    ],
)
def test_a_file_that_has_no_such_function_is_refused(space, code, why):
    with pytest.raises(BadSetting, match=why):
        space(code)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lost.py:build", "there is no file lost.py; name the one that has the function: FILE.py:build"),
        ("lost.py", "which function builds the network"),
    ],
)
def test_a_name_that_names_nothing_is_refused(text, why):
    with pytest.raises(BadSetting, match=why):
        nasbed.space(text)


# ── its networks ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_networks_are_what_the_function_builds(space):
    found = space()
    blueprint = blueprint_of(found, classes=7, image_size=9, image_channels=2)
    rows = some(found)
    networks = [blueprint.network(row) for row in rows]
    assert blueprint.parameters(rows).tolist() == [sum(p.numel() for p in one.parameters()) for one in networks]
    for row, one in zip(rows, networks, strict=True):
        assert one(torch.zeros(2, 2, 9, 9)).shape == (2, 7)
        assert len([layer for layer in one if isinstance(layer, nn.Conv2d)]) == found.asked(row)["depth"] + 1
    products = [
        sum(81 * m.weight.numel() for m in one if isinstance(m, nn.Conv2d)) + one[-1].weight.numel() for one in networks
    ]
    biases = [sum(81 * len(m.bias) for m in one if isinstance(m, nn.Conv2d)) + 7 for one in networks]
    counted = nasbed.nets.flops(found, rows, classes=7, image_size=9, image_channels=2)
    assert counted.tolist() == [a + b for a, b in zip(products, biases, strict=True)]


def test_a_seed_decides_the_weights_and_repeats_are_stacked(space):
    blueprint = blueprint_of(space())
    (row,) = some(blueprint.space, 1)
    first, same, other = (initialised(blueprint, row, RECIPES["digits"], seed)[0].weight for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert way_of(blueprint, row[None]) == "stacked"
    assert blueprint.group(np.array([[0, 0, 0, 0, 1, 1], [0] * 6], np.int8))[0] == blueprint.group(row[None] * 0)[0]


def test_lazy_layers_have_their_shapes_before_they_are_trained(space):
    found = space("""def build(d, classes):
    width = d("width", 4, 8)
    return nn.Sequential(nn.LazyConv2d(width, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(classes))
""")
    network = nasbed.network(found, "width=8", image_channels=5)
    assert network[0].weight.shape == (8, 5, 3, 3)
    assert network.training
    assert nasbed.nets.params(found, found.parse("width=8")[None], image_channels=5) == 8 * 46 + 90


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (
            "return net(d('a', 4, 8), 7)",
            r"with a=4, gives 7 numbers for an image; there are 10 classes",
        ),
        (
            "return net(d('a', 4, 8), sources=1)",
            r"of a=4 cannot read images of 3 × 32 × 32: RuntimeError: Giv",
        ),
        (
            "return nn.Sequential(net(d('a', 4, 8)), nn.Flatten(0))",
            r"one row for each image; for .* it gives \(10,\)",
        ),
    ],
)
def test_a_network_that_does_not_fit_the_images_is_refused_before_it_is_trained(space, code, why):
    found = space(f"def build(d):\n    {code}\n")
    with pytest.raises(InvalidArchitecture, match=why):
        nasbed.network(found, "a=4")


@pytest.mark.slow
def test_decisions_may_not_depend_on_the_images(space):
    found = space("def build(d, image_size):\n    return net(d('a', 4, 8) + (image_size < 9 and d('b', 1, 2)))\n")
    with pytest.raises(InvalidArchitecture, match=r"asks for 'b', unlike .* not depend on .* the size of images"):
        nasbed.network(found, "a=4", image_size=8)
    found = space(
        "def build(d, image_size):\n    return net(d('a', 4, 8) + (image_size > 9 and d('b', 1, 2)))\n", "two.py"
    )
    with pytest.raises(InvalidArchitecture, match="with a=4, does not ask for 'b', unlike"):
        nasbed.network(found, "a=4", image_size=8)


# ── whose code is run ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_read_runs_no_code(space, tmp_path):
    named = space()
    marked = tmp_path / "model.py"
    marked.write_text("raise SystemExit('it was run')")
    read = ModelSpace(**named.settings())
    assert read == named
    with pytest.raises(NotNamed, match=r"run only where its file is named: give the space as FOLDER/model\.py:build"):
        nasbed.network(read, some(read, 1)[0])


@pytest.mark.slow
def test_a_file_that_was_changed_is_not_run(space, tmp_path):
    found = space()
    (tmp_path / "model.py").write_text(HEAD + CNN + "# another\n")
    with pytest.raises(BadSetting, match="is not what it was when its decisions were found"):
        nasbed.network(found, some(found, 1)[0])
    assert space(CNN + "# another\n").checksum != found.checksum


def test_a_weights_file_is_read_with_the_file_that_makes_its_network(space, tmp_path):
    found = space()
    blueprint, (row,) = blueprint_of(found), some(found, 1)
    network = blueprint.network(row).eval()
    save_network(tmp_path / "n.safetensors", network, blueprint, row, RECIPES["digits"], {})
    with pytest.raises(NotNamed, match=r"model\.py:build"):
        load_network(tmp_path / "n.safetensors")
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(load_network(tmp_path / "n.safetensors", space=found)(images), network(images))
