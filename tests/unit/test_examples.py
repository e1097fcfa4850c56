"""Examples: their Python runs, and so does every command, in a reader's folder."""

import re
import shlex
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from nasbed.cli import main
from nasbed.spaces.nasbench201 import NASBench201

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "examples").glob("*.md"))
PLAYED = [pytest.param(page, marks=[pytest.mark.slow] * (page.name != "ask_and_tell.md")) for page in PAGES]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:\s]+)[^):]*\)")

QUICK = {
    "--data cifar10:/data/cifar10": "--data noise --batch 8 --set cells=1 --set channels=4",
    "--sample 50": "--sample 6",
    "nasbench101 --vertices 5 --all": "nasbench101 --vertices 3 --all",
    "scored:all.sqlite:naswot:digits101": "scored:all.sqlite:naswot",
    "asked=Asked(sample=50)": 'asked=Asked(sample=6), executor="inline"',
    "nasbed study lecture.toml\n": "nasbed study lecture.toml --grid tournament=1,5,9 --grid selected=1,2 --runs 3\n",
    "tournament=2,5,10,20,50,99": "tournament=2,9",
    "selected=1,2,5,10,20,50 --runs 100": "selected=1,2 --runs 3",
    'Study.read("lecture.toml")': 'Study.read("lecture.toml").with_grid("evaluations", [110])',
}
"""What a test has in the place of a page's words: no CIFAR-10, and less patience."""

SAID = {
    "ask_and_tell.md": "goes on the same: True",
    "naswot.md": "Kendall τ",
    "lecture.md": "best at tournament",
    "notebook.md": "incumbent_test_attached",
}
"""What a page's Python prints, among other things."""

DRAWN = {
    "ask_and_tell.md": [],
    "naswot.md": ["cells/scatter-naswot.png", "modules/scatter-naswot.png"],
    "notebook.md": ["notebook/final.png"],
    "lecture.md": ["lecture/report/surface.png", "lecture/report/surface.pdf", "sharper/report/surface.svg"],
}
"""What a page's commands draw."""


def blocks(page, kind):
    text = page.read_text()
    for words, instead in QUICK.items():
        text = text.replace(words, instead)
    return [block[2] for block in _BLOCK.finditer(text) if block[1] == kind]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A reader's folder: the examples' files, and one of accuracies in the published form; they are made up."""
    monkeypatch.chdir(tmp_path)
    for file in (ROOT / "examples").glob("*.toml"):
        shutil.copy(file, tmp_path)
    space = NASBench201()
    random = np.random.default_rng(0)
    rows = [f"{space.format(arch)},{random.uniform(80, 95)},{random.uniform(50, 70)}" for arch in space.enumerate()]
    (tmp_path / "seed888_test_accuracy.csv").write_text("\n".join(["architecture,cifar10,cifar100", *rows]))
    return tmp_path


@pytest.mark.parametrize("page", PLAYED, ids=lambda page: page.name)
@pytest.mark.usefixtures("folder")
def test_the_python_of_an_example_runs_from_top_to_bottom(page, capsys):
    exec(compile("\n".join(blocks(page, "python")), str(page), "exec"), {"__name__": "snippets"})
    assert SAID[page.name] in capsys.readouterr().out


@pytest.mark.parametrize("page", PLAYED, ids=lambda page: page.name)
def test_the_commands_of_an_example_run_one_after_the_other(page, folder, capsys):
    commands = [line for block in blocks(page, "console") for line in block.splitlines()]
    assert len(commands) >= 3
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "nasbed"
        with pytest.raises(SystemExit) as left:
            main([*words, "--executor", "inline"] if words[0] in ("score", "study") else words)
        assert left.value.code == 0, capsys.readouterr().err
    for drawn in DRAWN[page.name]:
        assert (folder / drawn).stat().st_size > 10_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_an_example_lead_somewhere(page):
    assert not [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]


def test_there_are_examples():
    assert [page.name for page in PAGES] == ["ask_and_tell.md", "lecture.md", "naswot.md", "notebook.md"]


def test_a_page_shows_the_study_that_lies_beside_it():
    shown, study = (blocks(ROOT / "examples" / "lecture.md", "toml")[0], ROOT / "examples" / "lecture.toml")
    assert tomllib.loads(shown) == tomllib.loads(study.read_text())
