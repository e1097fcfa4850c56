"""CSV files of a space of one's own: imported with the words of built-in spaces, and played, shown and asked."""

import json
import re

import pytest

import nasbed
from nasbed.core.rng import Streams
from nasbed.spaces import WrittenSpace, choice, depth, op, seq
from nasbed.tables.cache import table_for

MEASURES = (
    "val:metric=accuracy,split=valid,unit=percent",
    "test:metric=accuracy,split=test,unit=percent",
    "latency:unit=ms,split=none",
)
SAID = ("--architecture", "net", *(word for measure in MEASURES for word in ("--measure", measure)))


def chain():
    blocks = depth(lambda i: op("conv", kernel=choice(3, 5, 7), act=choice("relu", "gelu")), 1, 2, name="blocks")
    return WrittenSpace(seq(op("stem", channels=choice(8, 16, 32, name="width")), blocks, op("head")), "chain")


SPACE = chain()
ROWS = SPACE.enumerate()


def values(row):
    return [SPACE.slots[i].values[value] for i, value in enumerate(row)]


FORMS = {
    "text": SPACE.format,
    "numbers": lambda row: str(tuple(row.tolist())),
    "values": lambda row: json.dumps(values(row)),
    "named": lambda row: json.dumps(dict(zip((slot.name for slot in SPACE.slots), values(row), strict=True))),
}


def result(row):
    return 70 + int(row.sum()) - 0.5 * int(row[2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The space's file, and CSV files of all its rows in each form, and of every other row."""
    folder = tmp_path_factory.mktemp("own")
    SPACE.write(folder / "chain.toml")
    for name, form in FORMS.items():
        write(folder / f"{name}.csv", ROWS, form)
    write(folder / "part.csv", ROWS[::2], FORMS["text"])
    return folder


def write(path, rows, form):
    cells = [form(row).replace('"', '""') for row in rows]
    lines = [f'"{cell}",{result(row)},{result(row) - 1},{row.sum()}' for cell, row in zip(cells, rows, strict=True)]
    path.write_text("\n".join(["net,val,test,latency", *lines]))


@pytest.fixture
def imported(folder, nasbed_command):
    def run(name, *words):
        return nasbed_command("import", folder / name, "--space", folder / "chain.toml", *(words or SAID))

    return run


@pytest.mark.parametrize("form", FORMS)
def test_architectures_are_read_in_every_form(imported, folder, form):
    assert imported(f"{form}.csv").code == 0
    table = table_for(folder / f"{form}.csv")
    assert (table.space, table.complete) == (SPACE, True)
    assert table.measurement("accuracy", split="valid").mean(ROWS).tolist() == [result(row) for row in ROWS]


@pytest.mark.parametrize(
    "words",
    [
        ("search", "regularized-evolution", "--evaluations", "5", "--seed", "0", "--benchmark", "FILE"),
        ("compare", "random", "local", "--evaluations", "5", "--runs", "2", "--benchmark", "FILE"),
        ("query", "FILE", "8:1:3:relu:-:-"),
        ("show", "8:1:3:relu:-:-", "--space", "FILE"),
        ("landscape", "FILE"),
        ("info", "FILE"),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("name", ["text.csv", "part.csv"])
def test_a_table_is_used_like_a_built_in_one(imported, folder, nasbed_command, name, words):
    imported(name)
    ran = nasbed_command(*(folder / name if word == "FILE" else word for word in words))
    assert (ran.code, bool(ran.out.strip())) == (0, True), ran.err


def test_what_a_part_lacks_is_named_as_people_write_it(imported, folder, nasbed_command):
    imported("part.csv")
    ran = nasbed_command("query", folder / "part.csv", SPACE.format(ROWS[1]))
    assert (ran.code, ran.err.strip().endswith(SPACE.format(ROWS[1]))) == (2, True)


def test_a_search_of_a_part_proposes_what_it_has(imported, folder, nasbed_command):
    imported("part.csv")
    words = ("--evaluations", "20", "--runs", "3", "--seed", "0", "--json")
    found = nasbed_command("search", "random", "--benchmark", folder / "part.csv", *words).json
    assert {run["architecture"] for run in found["runs"]} <= set(SPACE.texts(ROWS[::2]))


def test_landscapes_without_neighbours_say_so(folder, nasbed_command, imported):
    write(folder / "far.csv", ROWS[[0, -1]], FORMS["text"])
    imported("far.csv")
    assert "No two of them are neighbours" in nasbed_command("landscape", folder / "far.csv").out


FAULTS = {
    "an unknown text": ("8:9:3:relu:-:-,70", "line 3: .*blocks.depth is 1 or 2, not 9"),
    "values for numbers": ('"(8, 1, 3, 0, 0, 0)",70', "line 3: .*whole numbers count values"),
    "an unknown name": ('"{""width"": 8}",70', "line 3: .*no decision 'width'. Did you mean 'stem.width'"),
    "twice": ("8:1:3:relu:-:-,70", "line 3: its architecture is that of line 2"),
    "twice but for what does not count": ("8:1:3:relu:7:gelu,70", "line 3: its architecture is that of line 2"),
    "no number": ("8:1:5:relu:-:-,good", "line 3: 'good' in val is no number"),
}


@pytest.mark.parametrize(("line", "why"), FAULTS.values(), ids=FAULTS)
def test_a_line_that_cannot_be_is_named(folder, imported, line, why):
    (folder / "faulty.csv").write_text(f"net,val\n8:1:3:relu:-:-,70\n{line}\n")
    ran = imported("faulty.csv", *SAID[:4])
    assert ran.code == 2
    assert re.search(why, " ".join(ran.err.split()))


WORDS = {
    "a column": (("--architecture", "nett", "--measure", "val"), "no column 'nett', .*it has net, val"),
    "a measure": (("--architecture", "net", "--measure", "vall"), "no column 'vall'"),
    "a key": (("--architecture", "net", "--measure", "val:metrik=loss"), "'metrik' means nothing; there are: metric"),
    "a split": (("--architecture", "net", "--measure", "val:split=dev"), "split is 'dev'; it is one of train, valid"),
}


@pytest.mark.parametrize(("words", "why"), WORDS.values(), ids=WORDS)
def test_words_that_mean_nothing_are_refused(imported, words, why):
    ran = imported("text.csv", *words)
    assert ran.code == 2
    assert re.search(why, " ".join(ran.err.split()))


def test_a_column_without_any_value_is_refused(folder, imported):
    (folder / "none.csv").write_text("net,val\n8:1:3:relu:-:-,\n")
    assert "val has no value in any line" in imported("none.csv", *SAID[:4]).err


def test_a_table_of_a_large_space_has_some_of_it(folder, nasbed_command, tmp_path):
    layers = [depth(lambda i: op("conv", kernel=choice(3, 5, 7)), 1, 2, 3, name=f"stage{s}") for s in range(12)]
    space = WrittenSpace(seq(*layers), "large")
    space.write(tmp_path / "large.toml")
    lines = [f"{':'.join('13--' * 12)},70", f"{':'.join('235-' * 12)},71"]
    (tmp_path / "large.csv").write_text("\n".join(["net,val", *lines]))
    ran = nasbed_command("import", tmp_path / "large.csv", "--space", tmp_path / "large.toml", *SAID[:4])
    assert ran.code == 0, ran.err
    assert not space.is_enumerable
    assert nasbed_command("search", "local", "--benchmark", tmp_path / "large.csv", "--evaluations", "2").code == 0


def test_genotypes_are_read_in_every_published_form(tmp_path, nasbed_command):
    """A column may mix them; the order of a node's pairs aside, one architecture may come once."""
    darts = nasbed.space("darts")
    rows = darts.sample(Streams.from_seed(0, 8))
    forms = (darts.format, darts.compact, darts.configuration, darts.pairs)
    cells = [str(forms[i % 4](row)).replace('"', '""') for i, row in enumerate(rows)]
    path = tmp_path / "found.csv"
    path.write_text("\n".join(["net,val", *(f'"{cell}",{90 + i}' for i, cell in enumerate(cells))]))
    words = ("--architecture", "net", "--measure", MEASURES[0])
    assert nasbed_command("import", path, "--space", "darts", *words).code == 0
    found = nasbed_command("query", path, str(darts.compact(rows[1])))
    assert "91.00" in found.out
    played = nasbed_command("search", "random", "--benchmark", path, "--evaluations", "20")
    assert "97.00" in played.out
    path.write_text("\n".join(["net,val", f'"{darts.format(rows[0])}",1', f'"{darts.compact(rows[0])}",2']))
    twice = nasbed_command("import", path, "--space", "darts", *words)
    assert twice.code == 2
    assert "line 3: its architecture is that of line 2" in twice.err
