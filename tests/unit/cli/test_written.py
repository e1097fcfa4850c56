"""Commands on written spaces: those of the page as files, and one with a layer of one's own in a file of Python."""

import pickle
import re
import sys

import numpy as np
import pytest
from pages import DOCS

import nasbed
from nasbed.core.errors import BadSetting, NotNamed
from nasbed.run.history import History
from nasbed.spaces import WrittenSpace

PAGE = DOCS / "spaces.md"
NAMES = {"space": "cell", "mobile": "macro", "levels": "hierarchical"}
OWN = '''"""own.py: a space with a layer of one's own."""

from torch import nn

from nasbed.spaces import choice, edges, op, seq


class Gated(nn.Module):
    def __init__(self, in_channels, out_channels, stride, kernel):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 2 * out_channels, kernel, stride, kernel // 2)

    def forward(self, x):
        a, b = self.conv(x).chunk(2, dim=1)
        return a * b.sigmoid()


mine = seq(op(Gated, kernel=choice(1, 3), channels=choice(4, 8), stride=2), op("nor_conv_3x3"))


def made():
    return edges(3, lambda i, j: choice(op("none"), op("nor_conv_1x1")))
'''


@pytest.fixture
def folder(tmp_path, monkeypatch, fresh_home):
    """A reader's folder, with the page's three spaces as files, and a file of Python."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)[:3]
    assert max(block.count("\n") for block in blocks) <= 30
    names = {}
    for block in blocks:
        exec(block, names)
    for name, called in NAMES.items():
        names[name].write(f"{called}.toml")
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


def search(run, space, out, *more, epochs=1):
    words = ["--evaluations", 1, "--epochs", epochs, "--set", "recipe.batch_size=100", "--executor", "inline", *more]
    ran = run("search", "random", "--benchmark", f"trained:digits:{space}", *words, "--out", out)
    assert ran.code == 0, ran.err
    return History.from_parquet(out)


@pytest.mark.slow_where("hierarchical")
@pytest.mark.parametrize("file", ["cell.toml", pytest.param("macro.toml", marks=pytest.mark.slow), "hierarchical.toml"])
def test_the_spaces_of_the_page_are_searched_by_training_on_digits(nasbed_command, folder, file):
    found = search(nasbed_command, file, "h.parquet")
    assert np.isfinite(found.value).all()
    assert found.space == WrittenSpace.open(file)


def test_a_space_of_a_python_file_is_searched(nasbed_command, folder):
    found = search(nasbed_command, "own.py:mine", "h.parquet")
    assert found.space == nasbed.space("own.py:mine")
    assert np.isfinite(found.value).all()


@pytest.mark.slow
def test_a_space_of_a_python_file_is_trained_scored_and_made_a_table(nasbed_command, folder):
    small = ["--set", "recipe.batch_size=100"]
    ran = nasbed_command(
        "train", "3:8", "--space", "own.py:mine", "--data", "digits", "--epochs", 1, "--out", "t", *small
    )
    assert ran.code == 0, ran.err
    ran = nasbed_command("score", "own.py:mine", "--proxies", "naswot", "--sample", 2, "--out", "s.csv")
    assert ran.code == 0, ran.err
    words = ["--sample", 2, "--budgets", 1, "--repeats", 1, "--executor", "inline", "--out", "own.arrow"]
    ran = nasbed_command("generate", "own.py:mine", *words, *small)
    assert ran.code == 0, ran.err
    assert nasbed.table("own.arrow").space.whole == nasbed.space("own.py:mine")


@pytest.mark.slow
def test_workers_are_sent_the_file_that_a_space_is_from(nasbed_command, folder):
    words = ["--evaluations", 2, "--epochs", 1, "--workers", 2]
    ran = nasbed_command("search", "random", "--benchmark", "trained:digits:own.py:mine", *words, "--out", "h.parquet")
    assert ran.code == 0, ran.err
    assert np.isfinite(History.from_parquet("h.parquet").value).all()


def test_a_function_without_arguments_may_return_the_space(folder):
    space = nasbed.space("own.py:made")
    assert (space.name, space.size) == ("own.made", 8)


def test_what_is_read_of_a_space_runs_no_file_and_says_which_to_name(folder, monkeypatch):
    space = nasbed.space("own.py:mine")
    read = WrittenSpace(**space.settings())
    assert read == space
    monkeypatch.delitem(sys.modules, read.expression.parts[0].maker.text.partition(":")[0])
    with pytest.raises(NotNamed, match=r"Gated is made by the code of a file.* give the space as FILE.py:NAME"):
        nasbed.network(read, "3:8", image_size=8)


def test_a_file_that_was_changed_is_not_what_a_worker_was_sent(folder):
    sent = pickle.dumps(nasbed.space("own.py:mine"))
    assert pickle.loads(sent) == nasbed.space("own.py:mine")
    (folder / "own.py").write_text(OWN + "\n")
    with pytest.raises(BadSetting, match=r"own.py was changed since"):
        pickle.loads(sent)
