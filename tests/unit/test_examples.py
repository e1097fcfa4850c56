"""Examples: their Python runs, and so does every command, in a reader's folder."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from nasbed.cli import main
from nasbed.spaces.nasbench201 import NASBench201

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "examples").glob("*.md"))

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:\s]+)[^):]*\)")

QUICK = {
    "--data cifar10:/data/cifar10": "--data noise --batch 8 --set cells=1 --set channels=4",
    "--sample 50": "--sample 12",
    "nasbench101 --vertices 5 --all": "nasbench101 --vertices 4 --all",
    "scored:all.sqlite:naswot:digits101": "scored:all.sqlite:naswot",
    "asked=Asked(sample=50)": 'asked=Asked(sample=12), executor="inline"',
}
"""What a test has in the place of a page's words: no CIFAR-10, and less patience."""


def blocks(page, kind):
    text = page.read_text()
    for words, instead in QUICK.items():
        text = text.replace(words, instead)
    return [block[2] for block in _BLOCK.finditer(text) if block[1] == kind]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A reader's folder, with a file of accuracies in the published form in it; they are made up."""
    monkeypatch.chdir(tmp_path)
    space = NASBench201()
    random = np.random.default_rng(0)
    rows = [f"{space.format(arch)},{random.uniform(80, 95)},{random.uniform(50, 70)}" for arch in space.enumerate()]
    (tmp_path / "seed888_test_accuracy.csv").write_text("\n".join(["architecture,cifar10,cifar100", *rows]))
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.usefixtures("folder")
def test_the_python_of_an_example_runs_from_top_to_bottom(page, capsys):
    exec(compile("\n".join(blocks(page, "python")), str(page), "exec"), {"__name__": "snippets"})
    assert "Kendall τ" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_an_example_run_one_after_the_other(page, folder, capsys):
    commands = [line for block in blocks(page, "console") for line in block.splitlines()]
    assert len(commands) >= 4
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "nasbed"
        with pytest.raises(SystemExit) as left:
            main([*words, "--executor", "inline"] if words[0] == "score" else words)
        assert left.value.code == 0, capsys.readouterr().err
    assert (folder / "cells" / "scatter-naswot.png").stat().st_size > 10_000
    assert (folder / "modules" / "scatter-naswot.png").stat().st_size > 10_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_an_example_lead_somewhere(page):
    assert not [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]


def test_there_are_examples():
    assert [page.name for page in PAGES] == ["naswot.md"]
