"""A space of somebody else's: the file that the documentation shows, in a package that is installed, by commands."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
BLOCK = re.compile(r"^```python\n(\"\"\"Ten layers.*?)^```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^```toml\n\[project.entry-points.\"(nasbed\.spaces)\"\]\n(.+?)\n```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A folder in which the package is installed: its module, and what an installer notes of it."""
    folder, page = tmp_path_factory.mktemp("outside"), PAGE.read_text()
    code, (group, line) = BLOCK.search(page)[1], LINE.search(page).groups()
    assert len(code.splitlines()) + len(line.splitlines()) <= 121
    (folder / "tenlayers.py").write_text(code)
    about = folder / "tenlayers-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tenlayers\nVersion: 1.0\n")
    name, place = line.split(" = ")
    (about / "entry_points.txt").write_text(f"[{group}]\n{name} = {place.strip(chr(34))}\n")
    rng = np.random.default_rng(0)
    texts = {"".join(rng.choice(list("CcA-"), 10)) for _ in range(300)} | {"CcA-CcA-Cc"}
    with (folder / "results.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["arch", "acc"])
        rows.writerows([text, 50 + 3 * text.count("C") + text.count("c")] for text in sorted(texts))
    return folder


@pytest.fixture(scope="module")
def nasbed(package, tmp_path_factory):
    """Runs a command in the folder, as somebody who has installed the package does."""
    home = tmp_path_factory.mktemp("home")

    def run(words):
        paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "NASBED_HOME": str(home)}
        command = [sys.executable, "-m", "nasbed.cli", *words.split()]
        return subprocess.run(command, cwd=package, env=environment, check=True, capture_output=True, text=True).stdout

    return run


def commands():
    """Give the commands that the page shows behind the space's line."""
    text = PAGE.read_text()
    block = text[text.index("tenlayers = ") :]
    return re.findall(r"^nasbed (.*)$", block[: block.index("The laws need no table")], re.MULTILINE)


@pytest.mark.slow
def test_a_table_of_ones_own_results_is_queried_searched_and_reported(nasbed, package):
    shown = commands()
    assert [words.split()[0] for words in shown] == [
        "import", "query", "search", "compare", "train", "search", "generate", "score",
    ]  # fmt: skip
    said = [nasbed(words.replace("--runs 20", "--runs 2")) for words in shown[:4]]
    assert "301" in said[0]
    assert "62" in said[1]
    assert (package / "ten.html").read_text().startswith("<!doctype html>")


@pytest.mark.slow
def test_it_trains_and_is_scored(nasbed, package):
    for words in commands()[4:]:
        nasbed(words.replace("4", "1").replace("--sample 20", "--sample 3"))
    assert (package / "mine.arrow").exists()
    assert len((package / "scores.csv").read_text().splitlines()) > 3


OWN = re.compile(r"^```python\n(\"\"\"Days until.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def pictures_of_ones_own(tmp_path, monkeypatch):
    """A folder with the page's file and a few pictures, whose brightness is what is to be learned."""
    image, rng = pytest.importorskip("PIL.Image"), np.random.default_rng(0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    code = OWN.search(PAGE.read_text())[1]
    assert len(code.splitlines()) <= 60
    (tmp_path / "ripe.py").write_text(code)
    (tmp_path / "fruit").mkdir()
    days = rng.uniform(0, 10, 40).round(2)
    for number, day in enumerate(days):
        pixels = np.clip(rng.normal(25 * day, 10, (20, 24, 3)), 0, 255).astype(np.uint8)
        image.fromarray(pixels).save(tmp_path / "fruit" / f"{number}.png")
    (tmp_path / "fruit" / "ripe.csv").write_text("\n".join(f"{number}.png,{day}" for number, day in enumerate(days)))
    return tmp_path


def test_a_network_and_a_task_of_ones_own_train_and_are_searched(pictures_of_ones_own):
    import nasbed

    own = {"__name__": "ripe"}
    exec(compile(OWN.search(PAGE.read_text())[1], "ripe.py", "exec"), own)
    benchmark = own["TrainedBenchmark"]("task:ripe.py:make", own["Kernels"](), executor="inline")
    history = nasbed.search("random", benchmark, evaluations=2, epochs=1, executor="inline")
    assert (history.measure, history.tested) == ("negative mae (days)", "negative mae (days)")
    assert (history.test[-1] < 0).all()
    row = history.best
    counted = sum(p.numel() for p in benchmark.blueprint.network(row[0]).parameters())
    assert benchmark.cost("params", row).tolist() == [counted]


@pytest.mark.slow
def test_the_file_with_a_task_of_ones_own_runs_as_a_script(pictures_of_ones_own):
    said = subprocess.run([sys.executable, "ripe.py"], check=True, capture_output=True, text=True).stdout
    assert "negative mae (days)" in said
    assert (pictures_of_ones_own / "best" / "best.safetensors").exists()
