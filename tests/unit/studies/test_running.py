"""Running: each cell once, the same bytes however it was split, and nothing mixed with what is not asked any more."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

import nasbed
from nasbed.core.errors import BadSetting, CorruptFile, Interrupted
from nasbed.run.history import History
from nasbed.studies import Results, Study
from nasbed.studies.folder import StudyStanding
from nasbed.studies.work import play

STUDY = Study.of(
    {
        "name": "small",
        "runs": 10,
        "optimizers": [{"name": "regularized-evolution", "population": [5, 10], "sample": 3}, "local"],
        "search": {"evaluations": 20, "duplicates": "free"},
    }
)
SWEEP = replace(STUDY, keep="outcomes")


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "cells").iterdir())}


def played(folder, study=STUDY, **how):
    return study.run(folder, **({"executor": "inline"} | how))


@pytest.mark.slow_where("seconds")
@pytest.mark.parametrize("keep", ["trials", pytest.param("outcomes", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "search",
    [{}, pytest.param({"workers": 3}, marks=pytest.mark.slow), {"seconds": 6.0, "failures": 0.1}],
    ids=lambda s: "+".join(s) or "plain",
)
def test_a_study_in_parts_gives_the_same_bytes(tmp_path, keep, search):
    study = Study.of(
        {
            "runs": 10,
            "keep": keep,
            "optimizers": ["local", "evolutionary:population=6,tournament=2"],
            "search": {"evaluations": 25, "duplicates": "free", **search},
        }
    )
    for part in (100, 10, 7, 3, 1):
        played(tmp_path / str(part), replace(study, part=part))
        assert contents(tmp_path / str(part)) == contents(tmp_path / "100")
        assert not list((tmp_path / str(part) / "parts").iterdir())


@pytest.mark.parametrize("workers", [pytest.param(count, marks=pytest.mark.slow) for count in (1, 2, 5)])
def test_over_any_number_of_processes_too(tmp_path, workers):
    results = played(tmp_path / "there", replace(STUDY, part=2), executor="processes", workers=workers)
    assert not results.missing
    played(tmp_path / "here")
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


@pytest.mark.slow
def test_over_ray_too(tmp_path, ray_here):
    results = played(tmp_path / "there", replace(STUDY, part=5), executor="ray", workers=2)
    assert not results.missing
    played(tmp_path / "here")
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_a_cell_is_the_search_that_it_says(tmp_path):
    results = played(tmp_path, replace(STUDY, part=4))
    cell = STUDY.cells[1]
    here = nasbed.search(
        nasbed.optimizer("regularized-evolution", population=10, sample=3), evaluations=20, duplicates="free", runs=10
    )
    found = results.history(cell)
    np.testing.assert_array_equal(found.tried, here.tried)
    for name in ("archs", "value", "paid", "test"):
        np.testing.assert_array_equal(getattr(found, name)[found.tried], getattr(here, name)[here.tried])
    outcomes = results.outcomes(cell)
    np.testing.assert_array_equal(outcomes["test"], here.metric("test")[-1])
    np.testing.assert_array_equal(outcomes["unique"], here.clock("unique")[-1])


def test_outcomes_are_those_of_the_trials(tmp_path):
    whole, ends = played(tmp_path / "a", replace(STUDY, part=3)), played(tmp_path / "b", replace(SWEEP, part=3))
    for one, other in zip(STUDY.cells, SWEEP.cells, strict=True):
        of_trials, of_ends = whole.outcomes(one), ends.outcomes(other)
        assert of_trials.keys() == of_ends.keys()
        for name, values in of_trials.items():
            np.testing.assert_array_equal(values, of_ends[name])
    with pytest.raises(BadSetting, match="keeps histories"):
        ends.history(SWEEP.cells[0])


def test_a_file_says_what_it_was_made_of(tmp_path):
    results = played(tmp_path)
    for cell in STUDY.cells:
        info = json.loads(pq.read_schema(results.files[cell.hash]).metadata[b"nasbed.history.2"])["info"]
        assert info["study"]["hash"] == cell.hash
        assert info["study"]["spec"] == cell.spec
        assert info["benchmark"]["checksum"] == cell.source.checksum is not None
        assert {"nasbed", "numpy", "numba", "python"} <= set(info["versions"])
        assert str(tmp_path) not in json.dumps(info)


class Counting:
    """Plays, and counts."""

    def __init__(self, monkeypatch, stop_at=None):
        self.played, self.stop_at = [], stop_at
        monkeypatch.setattr("nasbed.studies.study.PLAY", self)

    def __call__(self, cell, first, count):
        if len(self.played) == self.stop_at:
            raise KeyboardInterrupt
        self.played.append((cell.label, first))
        return play(cell, first, count)


def test_what_is_done_is_not_done_again(tmp_path, monkeypatch):
    counting = Counting(monkeypatch)
    played(tmp_path)
    before = contents(tmp_path)
    played(tmp_path)
    assert len(counting.played) == 3
    assert contents(tmp_path) == before


def test_a_changed_study_plays_what_has_changed_and_leaves_the_rest_out(tmp_path, monkeypatch):
    counting = Counting(monkeypatch)
    played(tmp_path)
    changed = Study.of(
        {
            "name": "small",
            "runs": 10,
            "optimizers": [{"name": "regularized-evolution", "population": [10, 20], "sample": 3}, "local"],
            "search": {"evaluations": 20, "duplicates": "free"},
        }
    )
    results = played(tmp_path, changed)
    assert counting.played[3:] == [("regularized-evolution:population=20", 0)]
    assert set(results.files) == {cell.hash for cell in changed.cells}
    assert [path.name for path in results.stale] == [STUDY.cells[0].file]
    assert {row["population"] for row in results.summary if "population" in row} == {10, 20}
    assert any("earlier form" in warning for warning in results.warnings)
    assert StudyStanding.of(tmp_path).stale == 1


@pytest.mark.slow
def test_stopped_at_any_part_it_goes_on_with_the_next(tmp_path, monkeypatch):
    study = replace(STUDY, part=4)
    played(tmp_path / "whole", study)
    for done in range(1, 9):
        counting = Counting(monkeypatch, stop_at=done)
        with pytest.raises(Interrupted, match=rf"{done} of 9 units done; they are kept in .*; to go on: again please"):
            played(tmp_path / "stopped", study, command="again please")
        standing = StudyStanding.of(tmp_path / "stopped")
        assert standing.done * 3 + standing.waiting == done
        assert standing.running is None
        counting = Counting(monkeypatch)
        played(tmp_path / "stopped", study)
        assert len(counting.played) == 9 - done
        assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")
        for file in (tmp_path / "stopped" / "cells").iterdir():
            file.unlink()


def test_parts_of_another_division_are_not_taken_for_these(tmp_path, monkeypatch):
    Counting(monkeypatch, stop_at=1)
    with pytest.raises(Interrupted):
        played(tmp_path / "other", replace(STUDY, part=4))
    Counting(monkeypatch)
    played(tmp_path / "other", replace(STUDY, part=5))
    played(tmp_path / "whole")
    assert contents(tmp_path / "other") == contents(tmp_path / "whole")


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_damaged_file_is_played_again_and_kept_aside(tmp_path, damage):
    results = played(tmp_path)
    before = contents(tmp_path)
    one, other, _ = (results.files[cell.hash] for cell in STUDY.cells)
    content = one.read_bytes()
    one.write_bytes({"cut": content[:-100], "other": other.read_bytes(), "empty": b""}[damage])
    assert (StudyStanding.of(tmp_path).done, StudyStanding.of(tmp_path).damaged) == (2, [one])
    again = played(tmp_path)
    after, aside = contents(tmp_path), one.with_suffix(".damaged")
    assert {name: after[name] for name in before} == before
    assert [name for name in after if name not in before] == [aside.name]
    assert [
        warning for warning in again.warnings if f"{aside} was damaged, and what it had was played again" in warning
    ]
    standing = StudyStanding.of(tmp_path)
    assert (standing.done, standing.damaged) == (3, [aside])


def test_a_damaged_part_is_played_again(tmp_path, monkeypatch):
    study = replace(STUDY, part=4)
    played(tmp_path / "whole", study)
    Counting(monkeypatch, stop_at=2)
    with pytest.raises(Interrupted):
        played(tmp_path / "stopped", study)
    part = next((tmp_path / "stopped" / "parts").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-1])
    counting = Counting(monkeypatch)
    again = played(tmp_path / "stopped", study)
    assert len(counting.played) == 8
    assert any(f"{part.with_suffix('.damaged')} was damaged" in warning for warning in again.warnings)
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


def test_without_its_notes_a_study_finds_its_cells(tmp_path, monkeypatch):
    played(tmp_path)
    notes = tmp_path / "study.json"
    notes.write_bytes(notes.read_bytes().replace(b"small", b"smell"))
    with pytest.raises(CorruptFile, match=r"study.json is damaged.*run the study again"):
        StudyStanding.of(tmp_path)
    counting = Counting(monkeypatch)
    assert not played(tmp_path).missing
    assert (counting.played, StudyStanding.of(tmp_path).study) == ([], "small")
    assert (tmp_path / "study.damaged").exists()


def test_a_changed_bit_is_seen_when_outcomes_are_read(tmp_path):
    results = played(tmp_path, SWEEP)
    file = results.files[SWEEP.cells[0].hash]
    content = bytearray(file.read_bytes())
    content[60] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(CorruptFile, match="plays it again"):
        results.outcomes(SWEEP.cells[0])


def test_what_cannot_be_played_is_said_and_left_to_be_done(tmp_path, monkeypatch):
    def failing(cell, first, count):
        if cell.label == "local":
            raise MemoryError("no room")
        return play(cell, first, count)

    monkeypatch.setattr("nasbed.studies.study.PLAY", failing)
    results = played(tmp_path)
    assert [cell.label for cell in results.missing] == ["local"]
    assert "no room" in next(iter(results.failures.values()))
    assert any("1 of 3 cells" in warning for warning in results.warnings)
    monkeypatch.undo()
    assert not played(tmp_path).missing


def test_a_folder_belongs_to_one_study(tmp_path):
    played(tmp_path)
    with pytest.raises(BadSetting, match="another plan"):
        played(tmp_path, replace(STUDY, name="other"))
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="cannot be written"):
        played(tmp_path / "file" / "folder")


SLOW = """
import sys, time
from nasbed.studies import study as running, work, Study
running.PLAY = lambda *what: time.sleep(0.05) or work.play(*what)
Study.read(sys.argv[1]).run(sys.argv[2], executor="inline")
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(tmp_path):
    text = 'runs = 12\npart = 2\noptimizers = ["random", "local"]\nsearch = { evaluations = 10 }\n'
    (tmp_path / "killed.toml").write_text(text)
    study = Study.read(tmp_path / "killed.toml")
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path / "killed.toml"), str(tmp_path / "killed")])
    while len(list((tmp_path / "killed").glob("parts/*.parquet"))) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert Results.of(study, tmp_path / "killed").missing
    played(tmp_path / "killed", study)
    played(tmp_path / "whole", study)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_what_a_killed_process_had_half_written_is_gone(tmp_path):
    half = tmp_path / "cells" / ".cell.parquet.1234.part"
    half.parent.mkdir()
    half.write_bytes(b"half")
    STUDY.run(tmp_path, executor="inline")
    assert not half.exists()


@pytest.mark.slow
def test_a_report_has_what_a_reader_wants(tmp_path):
    results = played(tmp_path)
    written = {str(path.relative_to(tmp_path / "report")) for path in results.report()}
    assert {"summary.csv", "study.json", "digits101/summary.csv", "report.html"} <= written
    lines = (tmp_path / "report" / "summary.csv").read_text().splitlines()
    assert lines[0].startswith("benchmark,optimizer,population,runs,")
    assert len(lines) == 4
    assert len(results.comparisons["digits101"].histories) == 3
    summary = results.comparisons["digits101"].summary()
    for row, of_cell in zip(summary, results.summary, strict=True):
        assert row["test_regret"] == pytest.approx(of_cell["test-regret"])
        assert row["test_regret_high"] == pytest.approx(of_cell["test-regret-high"])
        assert row["unique_evaluations"] == of_cell["unique"]


def test_searches_under_different_budgets_are_not_compared(tmp_path):
    results = played(tmp_path, STUDY.with_grid("evaluations", [10, 20]))
    assert list(results.comparisons) == ["digits101 / evaluations=10", "digits101 / evaluations=20"]
    for name, comparison in results.comparisons.items():
        budgets = {history.info["budget"]["evaluations"] for history in comparison.histories.values()}
        assert budgets == {int(name[-2:])}


def test_the_expectation_of_random_search_stands_beside_it(tmp_path):
    study = Study.of(
        {"runs": 5, "optimizers": ["random", "local"], "search": {"evaluations": 10, "duplicates": ["pay", "free"]}}
    )
    pay, free = played(tmp_path, study).comparisons.values()
    assert free.reference is None
    np.testing.assert_array_equal(
        pay.reference.test_after([1, 10]),
        nasbed.compare(["random"], evaluations=5, runs=2).reference.test_after([1, 10]),
    )


def test_a_history_of_the_study_is_one_of_nasbed(tmp_path):
    results = played(tmp_path, replace(STUDY, part=3))
    history = History.from_parquet(results.files[STUDY.cells[0].hash])
    assert history.runs == 10
    assert history.info["first_run"] == 0
