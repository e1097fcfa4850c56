"""Campaigns from the command line: stopped, resumed, shared out, looked at, tried again."""

import json
import re
import shlex
import signal
import time
from pathlib import Path

import pytest
from factory.campaigns import MODULES, Trainer, made_up, same_but_for_times, survey
from processes import records, started, until

from nasbed.cli.console import progress
from nasbed.cli.generate import SPEEDS
from nasbed.cli.words import duration, in_words
from nasbed.run.campaign import Status
from nasbed.tables.table import Table

WORDS = ("generate", "--vertices", 3, "--budgets", "1,2", "--repeats", 3, "--together", 1, "--seed", 5)
HOW = ("--executor", "inline", "--attempts", 4)


@pytest.fixture
def trainer(monkeypatch):
    """Networks that are made up, in this process."""
    made = Trainer()
    monkeypatch.setattr("nasbed.factory.generate.SURVEY", survey)
    monkeypatch.setattr("nasbed.factory.generate.TRAIN", made)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_says_where_it_stands_and_what_resumes_it(tmp_path, blow):
    store = tmp_path / "a table.sqlite"
    process = started([*WORDS, *HOW, "--out", tmp_path / "a table.arrow"])
    until(lambda: len(records(store)) >= 3, process)
    process.send_signal(blow)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    said = re.search(r"nasbed: interrupted with (\d+) of 42 units done; they are kept in (.*); to go on: (.*)\n$", err)
    assert said[2] == str(store)
    before = records(store)
    assert len(before) == int(said[1]) < 42
    assert {path.name for path in tmp_path.iterdir()} == {store.name}
    name, *words = shlex.split(said[3])
    assert name == "nasbed"
    out, _ = started(words).communicate(timeout=60)
    assert "7 architectures, 42 trainings" in out
    after = records(store)
    assert {unit: after[unit] for unit in before} == before
    same_but_for_times(Table.open(tmp_path / "a table.arrow"), made_up(tmp_path / "whole.arrow"))


@pytest.mark.slow
def test_a_second_command_on_the_same_store_is_refused_at_once(nasbed_command, trainer, tmp_path):
    words = [*WORDS, *HOW, "--out", tmp_path / "mine.arrow"]
    process = started(words)
    until(lambda: len(records(tmp_path / "mine.sqlite")), process)
    ran = nasbed_command(*words)
    assert ran.code == 2
    assert f"another process works on {tmp_path / 'mine.sqlite'} ('nasbed status" in ran.err
    assert f", as process {process.pid} on " in ran.err
    assert trainer.asked == []
    found = nasbed_command("status", tmp_path, "--json").json[0]
    assert found["running"]["process"] == process.pid
    out, _ = process.communicate(timeout=60)
    assert "42 trainings" in out


def test_workers_of_an_array_share_a_campaign_and_their_stores_merge(nasbed_command, trainer, tmp_path):
    out = tmp_path / "mine.arrow"
    for worker in range(3):
        ran = nasbed_command(*WORDS, *HOW, "--out", out, "--worker", worker, "--of", 3)
        assert ran.code == 0
        assert "this part is done, but not the whole campaign" in ran.out
        assert not out.exists()
    hint = re.search(r"when all workers are done: nasbed (merge .*)\n", ran.out)[1]
    stores = sorted(tmp_path.glob("*.sqlite"))
    assert [path.name for path in stores] == [f"mine.worker-{worker}-of-3.sqlite" for worker in range(3)]
    assert "all 3 stores together: 42 of 42 units done" in nasbed_command("status", tmp_path).out
    merge, pattern, *words = shlex.split(hint)
    ran = nasbed_command(merge, *sorted(Path("/").glob(pattern[1:])), *words)
    assert "7 architectures, 42 trainings" in ran.out
    same_but_for_times(Table.open(out), made_up(tmp_path / "whole.arrow"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--worker", 3, "--of", 3), r"of 3 workers the numbers are 0 to 2, not 3; .* --array=0-2"),
        (("--worker", 0, "--of", 0), "at least one worker, not 0"),
        (("--range", "5"), "a range is A:B"),
        (("--range", "5:5"), "0 <= A < B"),
        (("--range", "50:"), "of the campaign's 42 units the filters leave none"),
        (("--only", "("), "no regular expression"),
        (("--only", "xyz"), "the filters leave none"),
        (("--units", "nowhere.txt"), "the list nowhere.txt cannot be read: No such file"),
        (("--together", 4), "of 3 repeats, is from 1 to 3, not 4"),
        (("--gpus", 1), "the executor 'inline' has no setting 'gpus'"),
        (("--time-limit", 0), "time_limit must be positive"),
        (("--device", "abacus"), "nothing can be trained: the device 'abacus' cannot be used here"),
    ],
)
def test_parts_and_places_that_there_are_not_are_named(nasbed_command, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    ran = nasbed_command(*WORDS, *HOW, *words)
    assert ran.code == 2
    assert re.search(said, ran.err)
    assert list(tmp_path.iterdir()) == []


def test_the_modules_of_a_file_are_trained_and_of_a_published_list_what_remains(nasbed_command, trainer, tmp_path):
    models, left, out = tmp_path / "models.json", tmp_path / "left.json", tmp_path / "mine.arrow"
    nasbed_command("enumerate", "--vertices", 3, "--out", models)
    models.write_text(json.dumps({name: json.loads(models.read_text())[name] for name in MODULES[:3]}))
    left.write_text(json.dumps([[MODULES[1], 1], [MODULES[1], 3]]))
    words = (*WORDS, *HOW, "--models", models, "--out", out)
    assert "this part is done" in nasbed_command(*words, "--units", left).out
    assert trainer.asked == [(epochs, repeat, 1, 0) for repeat in (0, 2) for epochs in (1, 2)]
    assert "listed architectures of nasbench101 on digits" in nasbed_command("status", tmp_path / "mine.sqlite").out
    assert "3 architectures, 18 trainings" in nasbed_command(*words).out
    left.write_text(json.dumps([[MODULES[1], 0]]))
    ran = nasbed_command(*words, "--units", left)
    assert (ran.code, "counts repeats from 1, here to 3" in ran.err) == (2, True)


def test_failures_are_listed_and_tried_again(nasbed_command, trainer, tmp_path):
    out, failed = tmp_path / "mine.arrow", tmp_path / "failed.txt"
    trainer.fails = lambda epochs, repeat, tried: epochs == 2 and repeat == 1
    ran = nasbed_command(*WORDS, *HOW, "--out", out)
    assert "7 trainings were given up" in ran.out
    ran = nasbed_command("status", tmp_path / "mine.sqlite", "--failures", failed)
    assert re.search(r"7 +no luck", ran.out)
    assert failed.read_text().split() == [f"{module}/2/1" for module in MODULES]
    some = tmp_path / "some.txt"
    some.write_text("\n".join(failed.read_text().split()[:2]))
    trainer.fails = lambda *what: False
    trainer.asked.clear()
    ran = nasbed_command(*WORDS, *HOW, "--out", out, "--retry", "--units", some)
    assert trainer.asked == [(2, 1, 1, 4)] * 2
    assert "5 trainings were given up" in ran.out
    nasbed_command(*WORDS, *HOW, "--out", out, "--retry")
    assert trainer.asked == [(2, 1, 1, 4)] * 7
    assert nasbed_command("status", tmp_path / "mine.sqlite", "--json").json[0]["failures"] == []


def test_status_says_everything_of_a_campaign_and_changes_nothing(nasbed_command, trainer, tmp_path):
    nasbed_command(*WORDS, *HOW, "--out", tmp_path / "mine.arrow", "--range", "0:20")
    store = tmp_path / "mine.sqlite"
    before = store.read_bytes()
    (found,) = nasbed_command("status", store, "--json").json
    assert (found["units"], found["done"], found["asked"], found["running"]) == (42, 20, 20, None)
    assert found["budgets"]["1"] == {"units": 21, "done": 10, "failures": 0}
    assert found["units_per_second"] > 0
    assert found["command"].startswith("nasbed")
    assert found["sessions"][0]["selection"] == {"stop": 20}
    ran = nasbed_command("status", store)
    assert re.search(r"units done +20 of 42; asked for 20\n", ran.out)
    assert re.search(r"1 +10 +21 +0", ran.out)
    assert f"to go on: {found['command']}" in ran.out
    assert store.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.sqlite"]


def test_status_of_what_is_no_campaign_is_refused(nasbed_command, tmp_path):
    (tmp_path / "x.sqlite").write_text("hello")
    (tmp_path / "sub").mkdir()
    for path, said in (("x.sqlite", "damaged or no store"), ("sub", "has no campaign's store"), ("y", "no store")):
        ran = nasbed_command("status", tmp_path / path)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert said in ran.err
    assert nasbed_command("status", tmp_path).code == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_part_of_a_campaign_is_a_table_on_request(nasbed_command, trainer, tmp_path):
    nasbed_command(*WORDS, *HOW, "--out", tmp_path / "mine.arrow", "--range", ":20")
    words = ("merge", tmp_path / "mine.sqlite", "--out", tmp_path / "so far.arrow")
    ran = nasbed_command(*words)
    assert "22 units are missing" in ran.out
    assert not (tmp_path / "so far.arrow").exists()
    assert "20 trainings" in nasbed_command(*words, "--partial").out
    table = Table.open(tmp_path / "so far.arrow")
    assert table.provenance["missing"] == 22
    assert table.provenance["warnings"] == ["the campaign was not finished: 22 trainings are missing"]
    assert int((table.column("test_accuracy").values() >= 0).sum()) == 20


def test_what_was_made_is_json_where_that_is_wanted(nasbed_command, trainer, tmp_path):
    words = (*WORDS, *HOW, "--out", tmp_path / "mine.arrow", "--json")
    part = nasbed_command(*words, "--range", ":20").json
    assert part == {"store": str(tmp_path / "mine.sqlite"), "table": None}
    made = nasbed_command(*words).json["table"]
    assert (made["architectures"], made["trainings"], made["failures"]) == (7, 42, 0)
    merged = nasbed_command("merge", tmp_path / "mine.sqlite", "--out", tmp_path / "merged.arrow", "--json").json
    assert (merged["missing"], merged["table"]["trainings"]) == (0, 42)


def test_a_log_shows_life_while_nothing_ends(capsys, monkeypatch):
    monkeypatch.setattr("nasbed.cli.console.SECONDS_BETWEEN_LINES", 0.01)
    with progress("training") as move:
        move(0.25, in_words(Status(5, 20, 1, 0.25, 0.5, 12345.6, 7500), "units", **SPEEDS))
        time.sleep(0.2)
    said = capsys.readouterr().err.splitlines()
    assert len(said) >= 2
    line = "training 5 of 20 units, 1 given up, 0.5 units/s, 12,346 images/s, 2 h 5 min left, 25 %"
    assert all(re.fullmatch(rf"\d\d:\d\d:\d\d {line}", text) for text in said)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (35, "35 s"), (125, "2 min 5 s"), (7200, "2 h"), (7260, "2 h 1 min"), (187_200, "2 d 4 h")],
)
def test_time_spans_have_their_two_largest_units(seconds, said):
    assert duration(seconds) == said
