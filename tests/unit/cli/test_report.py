"""Pages from the command line: of a comparison as it is made, and of what was left on disk."""

import json
import re
import shutil
from dataclasses import replace

import pytest

import nasbed


def headlines(path):
    return re.findall(r'<p class="headline">(.*?)</p>', path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made(table, tmp_path_factory):
    """What one comparison left: a folder and a page."""
    home = tmp_path_factory.mktemp("made")
    comparison = nasbed.compare(["random", "local"], str(table.path), runs=6, evaluations=12)
    comparison = replace(comparison, command="nasbed compare random local")
    comparison.save(home / "study")
    comparison.report(home / "study.html")
    return home


@pytest.fixture
def study(made, tmp_path):
    """A copy of both."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "study", tmp_path / "study.html"


def test_compare_writes_a_page(nasbed_command, table, tmp_path):
    folder, page = tmp_path / "new", tmp_path / "new.html"
    words = ("compare", "random", "--benchmark", table.path, "--runs", 2, "--evaluations", 3)
    said = ("--title", "Seen", "--author", "Somebody", "--notes", "A note.")
    ran = nasbed_command(*words, "--out", folder, "--report", page, *said)
    assert ran.code == 0, ran.err
    for text in ("<h1>Seen</h1>", '<p class="author">Somebody</p>', '<p class="notes">A note.</p>'):
        assert text in page.read_text(encoding="utf-8")
    by_hand = nasbed.compare(["random"], str(table.path), runs=2, evaluations=3).report(
        tmp_path / "own.html", "Seen", author="Somebody", notes="A note."
    )
    for text in ("<h1>Seen</h1>", '<p class="author">Somebody</p>', '<p class="notes">A note.</p>'):
        assert text in by_hand.read_text(encoding="utf-8")
    assert f"the page: {page}" in ran.out.replace("\n", "")
    assert headlines(page)[0].startswith("random ended with")
    assert json.loads((folder / "comparison.json").read_text())["command"]


@pytest.mark.slow
def test_a_folder_gives_the_page_that_its_comparison_gave(nasbed_command, study, tmp_path):
    folder, page = study
    again = tmp_path / "again.html"
    ran = nasbed_command("report", folder, "--out", again)
    assert ran.code == 0, ran.err
    assert "2 searches" in ran.out
    said = nasbed_command("report", folder, "--out", again, "--json").json
    assert (said["page"], said["searches"]) == (str(again), 2)
    assert again.read_bytes() == page.read_bytes()
    assert json.loads((folder / "comparison.json").read_text())["reference"]["evaluations"][-1] == 12


@pytest.mark.slow
def test_searches_under_the_same_rules_are_compared_and_others_get_chapters(nasbed_command, study, table, tmp_path):
    folder, _ = study
    alike, shorter = tmp_path / "evolution.parquet", tmp_path / "short.parquet"
    for words in (("--evaluations", 12, "--out", alike), ("--evaluations", 5, "--out", shorter)):
        search = ("search", "regularized-evolution", "--set", "population=4", "--set", "sample=2")
        assert nasbed_command(*search, "--benchmark", table.path, "--runs", 6, *words).code == 0
    together, apart = tmp_path / "together.html", tmp_path / "apart.html"
    assert nasbed_command("report", folder, alike, "--out", together).code == 0
    assert headlines(together)[0].startswith("Of 3 searches")
    assert nasbed_command("report", folder, alike, shorter, "--out", apart, "--title", "Two <budgets>").code == 0
    assert [line[:14] for line in headlines(apart)] == ["Of 3 searches,", "short ended wi"]
    text = apart.read_text(encoding="utf-8")
    assert re.findall("<h2>.*?, (.*?)</h2>", text) == ["12 evaluations", "5 evaluations"]
    assert "<title>Two &lt;budgets&gt;</title>" in text


@pytest.mark.slow
def test_labels_that_come_twice_are_told_apart(nasbed_command, study, tmp_path):
    folder, _ = study
    page = tmp_path / "twice.html"
    other = tmp_path / "other"
    other.mkdir()
    history = next((folder / "histories").glob("random*.parquet"))
    (other / "random.parquet").write_bytes(history.read_bytes())
    assert nasbed_command("report", folder, other, "--out", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "random (study)" in text
    assert "random (other)" in text


@pytest.mark.slow
def test_what_is_no_run_is_said_so_in_a_sentence(nasbed_command, study, tmp_path):
    folder, _ = study
    out = ("--out", tmp_path / "page.html")
    assert "is neither a folder of" in nasbed_command("report", tmp_path / "none", *out).err
    wrong = tmp_path / "wrong.parquet"
    wrong.write_text("no")
    assert "is not a history" in nasbed_command("report", wrong, *out).err
    assert "there is no folder" in nasbed_command("report", folder, "--out", tmp_path / "no" / "page.html").err
    about = json.loads((folder / "comparison.json").read_text())
    del about["format"], about["seal"]  # as version 0.1 wrote it, which had no checksum
    about["optimizers"]["random"]["history"] = "../../elsewhere.parquet"
    (folder / "comparison.json").write_text(json.dumps(about))
    assert "outside its folder" in nasbed_command("report", folder, *out).err
    (folder / "comparison.json").write_text("[]")
    ran = nasbed_command("report", folder, *out)
    assert ran.code == 2
    assert "is not what 'nasbed compare --out' writes" in ran.err.replace("\n", " ")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.slow
def test_a_folder_of_before_there_were_pages_is_read(nasbed_command, study, tmp_path):
    folder, page = study
    about = json.loads((folder / "comparison.json").read_text())
    del about["reference"], about["command"], about["format"], about["seal"]
    (folder / "comparison.json").write_text(json.dumps(about))
    out = tmp_path / "old.html"
    assert nasbed_command("report", folder, "--out", out).code == 0
    assert headlines(out) == headlines(page)
    assert "It was made by" not in out.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_refused_before_the_searches(nasbed_command, table, tmp_path):
    ran = nasbed_command("compare", "random", "--benchmark", table.path, "--report", tmp_path / "no" / "page.html")
    assert ran.code == 2
    assert "there is no folder" in ran.err


def test_a_title_without_a_page_is_refused(nasbed_command):
    ran = nasbed_command("compare", "random", "--title", "Seen")
    assert ran.code == 2
    assert "--report" in ran.err
