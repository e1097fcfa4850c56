"""Documentation: its Python runs, its commands are commands, and its links lead somewhere."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import typer
from pages import write_files

import nasbed
from nasbed.tables.exporting import export

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:\s]+)[^):]*\)")
_INLINE = re.compile(r"`(nasbed [^`\n]+)`")


def snippets(page):
    """Give the Python of a page as one program, every line on the line of the page that it stands on."""
    text = page.read_text()
    lines = [""] * text.count("\n")
    for block in _BLOCK.finditer(text):
        if block[1] == "python":
            first = text.count("\n", 0, block.start(2))
            code = block[2].splitlines()
            lines[first : first + len(code)] = code
    return "\n".join(lines)


def commands(page):
    """Give the words after ``nasbed`` of every command of a page, in blocks and in the text."""
    text = page.read_text()
    found = _INLINE.findall(text)
    for block in _BLOCK.finditer(text):
        if block[1] in ("console", "bash", "sh", "text"):
            lines = block[2].replace("\\\n", " ").splitlines()
            found += [line.removeprefix("$ ") for line in lines]
    words = [shlex.split(line, comments=True) for line in found if line.startswith("nasbed ")]
    return [
        command[1:] for command in words if command[1] not in ("VERB", "--help", "--version", "--install-completion")
    ]


WITH_PYTHON = [page for page in PAGES if snippets(page).strip()]
WITH_COMMANDS = [(page, command) for page in PAGES for command in commands(page)]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The published file: digits101 in that form stands in for it."""
    path = tmp_path_factory.mktemp("published") / "nasbench_full.tfrecord"
    export(nasbed.benchmark("digits101").table, path)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch, published, fresh_home):
    """A reader's folder, with the published file in it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(published, tmp_path)


@pytest.mark.slow_where("extending", "searching", "oneshot", "predictors", "compat")
@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
@pytest.mark.usefixtures("folder")
def test_the_python_of_a_page_runs_from_top_to_bottom(page, tmp_path):
    write_files(page, tmp_path)
    exec(compile(snippets(page), str(page), "exec"), {"__name__": "snippets"})


@pytest.fixture(scope="module")
def verbs():
    from nasbed.cli.app import application

    return typer.main.get_command(application()).commands


@pytest.mark.parametrize(
    ("page", "command"), WITH_COMMANDS, ids=[f"{page.name}: nasbed {' '.join(words)}" for page, words in WITH_COMMANDS]
)
def test_a_command_of_a_page_is_one(page, command, verbs):
    verb, *arguments = command
    assert verb in verbs
    context = verbs[verb].context_class(verbs[verb], info_name=verb)
    _, left_over, _ = verbs[verb].make_parser(context).parse_args(arguments)  # raises at an option that is not there
    assert not left_over


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    missing = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_each_heading_once(page):
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ .*$", prose, flags=re.MULTILINE)
    assert len(set(headings)) == len(headings) > 0


def test_pages_have_something_to_check():
    assert len(WITH_PYTHON) >= 2
    assert len(WITH_COMMANDS) >= 10
