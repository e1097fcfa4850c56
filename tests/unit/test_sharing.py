"""Scenes of sharing: commands side by side, in other containers, without a home or locks, over what the dead left.

Each ends well, or in one sentence that names the file. ``pytest -m slow -s`` prints what came of them.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from factory.campaigns import MODULES, made_up, same_but_for_times
from processes import RUN, records, started, until
from tables.made import ARCHS, table_at
from tables.made_runs import folder_of, made
from tables.published import file_of
from tables.published import records as published_records

import nasbed
from nasbed.run.history import History
from nasbed.tables.table import Table

GENERATE = ("generate", "--vertices", 3, "--budgets", "1,2", "--repeats", 3, "--together", 1, "--seed", 5)
GENERATE += ("--executor", "inline", "--attempts", 4)
UNITS = len(MODULES) * 2 * 3
SCORE = ("score", "nasbench201", "--proxies", "snip", "--sample", 60, "--seed", 5, "--executor", "inline")
COMMAND = "from nasbed.cli import main\nmain()"
NO_LOCKS = """
import errno, fcntl, os
def refuse(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
fcntl.flock = refuse
"""
"""A file system without locks."""

WEAK = """
import ctypes, os, sys
if os.getuid() == 0:  # whom permissions do not concern, until they do
    for capability in (1, 2):
        assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Another user, who may write only where permissions say so."""


@pytest.fixture(scope="module", autouse=True)
def table_of_scenes():
    """What came of each scene, which is printed at the end."""
    ended = {}
    yield ended
    width = max(map(len, ended), default=0)
    print("\n" + "\n".join(f"{scene:<{width}}  {how}" for scene, how in ended.items()))


@pytest.fixture
def ends(table_of_scenes, request):
    """Note how a scene ended: in order, or refused in one sentence that names a file."""

    def note(process, name=None, among=None):
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err, err
        assert process.returncode in ((0,) if name is None else (2,) if among is None else among), err
        said = err.strip().splitlines()[-1:] if process.returncode else ["done"]
        if process.returncode:
            assert str(name) in said[0]
        table_of_scenes[f"{request.node.name} ({len(table_of_scenes) + 1})"] = said[0]
        return out

    return note


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.name.startswith(".") or path.suffix == ".part")


def everything(folder):
    return sorted(path.name for path in folder.iterdir())


def at_work(process, store):
    """Stop a process in the middle of its work, and holding what it holds."""
    until(lambda: records(store), process)
    process.send_signal(signal.SIGSTOP)
    return process


def go_on(process):
    process.send_signal(signal.SIGCONT)
    return process


def command(*words, **how):
    return started(words, code=COMMAND, **how)


ATTACH = """
import sys
import numpy as np
from nasbed.tables.column import Measure
from nasbed.tables.table import Table
from nasbed.tables.writing import attach
for number in range(6):
    table = Table.open(sys.argv[1])
    attach(table, {Measure(f"{sys.argv[2]}{number}"): np.full(len(table), float(number))}, room="latency")
"""


@pytest.mark.parametrize("locks", ["", NO_LOCKS], ids=["locks", "none"])
def test_two_attach_columns_to_one_table(tmp_path, ends, locks):
    path = table_at(tmp_path / "toy.arrow").path
    pair = [started([path, mine], code=locks + ATTACH) for mine in "ab"]
    for process in pair:
        ends(process)
    table = Table.open(path)
    for mine in "ab":
        for number in range(6):
            np.testing.assert_array_equal(table.column(f"{mine}{number}").values(), np.full(len(ARCHS), number))
    table.verify()
    assert names(tmp_path) == []


@pytest.fixture
def curves(tmp_path):
    return folder_of([made(0), made(11), made(15624)], tmp_path / "NATS-tss-v1_0-3ffb9-simple")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tfrecord", "folder"])
def test_two_import_the_same_file_and_a_third_opens_it(tmp_path, home, curves, ends, kind):
    source = curves if kind == "folder" else file_of(tmp_path / "small.tfrecord", published_records())
    three = [command("import", source), command("import", source), command("info", source)]
    for process in three[:2]:
        ends(process)
    ends(three[2], source, among=(0, 2))  # it may have looked before there was a table
    ends(command("info", source))
    assert len(list(home.glob("tables/*.arrow"))) == 1
    assert names(home) == []


@pytest.mark.slow
def test_two_import_to_one_table(tmp_path, home, ends):
    source = file_of(tmp_path / "small.tfrecord", published_records())
    pair = [command("import", source, "--out", tmp_path / "t.arrow") for _ in range(2)]
    for process in pair:
        ends(process)
    Table.open(tmp_path / "t.arrow").verify()
    assert names(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("locks", ["", NO_LOCKS], ids=["locks", "none"])
def test_two_campaigns_on_one_store_and_one_that_asks_how_far_it_is(tmp_path, ends, locks):
    out, store = tmp_path / "mine.arrow", tmp_path / "mine.sqlite"
    first = at_work(started([*GENERATE, "--out", out], code=locks + RUN), store)
    second = started([*GENERATE, "--out", out], code=locks + RUN)
    assert f'"process": {first.pid}' in ends(started(["status", store, "--json"], code=locks + COMMAND))
    ends(second, store)
    ends(go_on(first))
    assert len(records(store)) == UNITS
    assert '"running": null' in ends(started(["status", store, "--json"], code=locks + COMMAND))
    assert everything(tmp_path) == ["mine.arrow", "mine.sqlite"]


@pytest.mark.slow
def test_a_merge_while_a_worker_writes(tmp_path, ends):
    workers = [started([*GENERATE, "--worker", n, "--of", 2, "--out", tmp_path / "mine.arrow"]) for n in (0, 1)]
    stores = [tmp_path / f"mine.worker-{n}-of-2.sqlite" for n in (0, 1)]
    for store, worker in zip(stores, workers, strict=True):
        at_work(worker, store)
    ends(command("merge", *stores, "--out", tmp_path / "all.arrow"))
    assert 0 < len(records(tmp_path / "all.sqlite")) < UNITS
    for worker in workers:
        go_on(worker)
    ends(command("merge", *stores, "--out", tmp_path / "all.arrow"))
    for worker in workers:
        ends(worker)
    ends(command("merge", *stores, "--out", tmp_path / "all.arrow"))
    assert len(records(tmp_path / "all.sqlite")) == UNITS
    same_but_for_times(Table.open(tmp_path / "all.arrow"), made_up(tmp_path / "whole.arrow"))
    assert names(tmp_path) == []


@pytest.mark.slow
def test_two_scores_on_one_store(tmp_path, ends):
    store = tmp_path / "s.sqlite"
    first = at_work(started([*SCORE, "--out", store]), store)
    ends(started([*SCORE, "--out", store]), store)
    ends(go_on(first))
    assert everything(tmp_path) == ["s.sqlite"]


STUDY = "import time\nfrom nasbed.studies import study as running, work\n"
STUDY += "running.PLAY = lambda *what: time.sleep(0.2) or work.play(*what)\n"


@pytest.mark.slow
def test_two_studies_in_one_folder(tmp_path, ends):
    out = tmp_path / "made"
    words = ["study", "random", "--grid", "evaluations=5,6,7,8,9,10,11,12,13,14", "--runs", 2, "--keep", "outcomes"]
    words += ["--executor", "inline", "--out", out]
    first = started(words, code=STUDY + COMMAND)
    until(lambda: list(out.glob("cells/*.parquet")), first)
    first.send_signal(signal.SIGSTOP)
    ends(started(words, code=STUDY + COMMAND), out)
    ends(go_on(first))
    assert len(list(out.glob("cells/*.parquet"))) == 10
    assert names(tmp_path) == []


LIVE = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import nasbed, time
from live_toy import LiveToy, train
class Slow(LiveToy):
    def call(self, *what):
        time.sleep(0.1)
        return super().call(*what)
import signal
from nasbed.core.errors import NasbedError
try:
    nasbed.search("random", Slow(), evaluations=30, seed=3, store=sys.argv[1], executor="inline")
except NasbedError as error:
    sys.exit(f"nasbed: {{error}}")
"""


@pytest.mark.slow
def test_a_search_that_is_resumed_twice_at_once(tmp_path, ends):
    store = tmp_path / "search.sqlite"
    first = started([store], code=LIVE)
    until(lambda: len(records(store)) > 2, first)
    first.kill()
    first.communicate()
    kept = records(store)
    pair = [started([store], code=LIVE) for _ in range(2)]
    for process in pair:
        ends(process, store, among=(0, 1))
    assert 0 in [process.returncode for process in pair]
    now = records(store)
    assert {unit: now[unit] for unit in kept} == kept
    assert len(now) == 30
    assert everything(tmp_path) == ["search.sqlite"]


@pytest.mark.slow
def test_an_export_onto_a_file_that_is_read(tmp_path, ends):
    """The reader goes on with what it has opened; who opens it later has the new one."""
    ends(command("search", "random", "--evaluations", 20, "--seed", 1, "--out", tmp_path / "h.parquet"))
    old, table = History.from_parquet(tmp_path / "h.parquet"), table_at(tmp_path / "toy.arrow")
    before = table.column("training_time").values().copy()
    other = table_at(tmp_path / "other.arrow", seed=1)
    ends(command("export", "digits101", tmp_path / "h.parquet"))
    pair = [started([other.path, table.path], code=COPY) for _ in range(2)]
    for process in pair:
        ends(process)
    np.testing.assert_array_equal(table.column("training_time").values(), before)
    assert Table.open(table.path).checksum == other.checksum
    assert old.value.shape == (20, 1)
    assert names(tmp_path) == []


COPY = "import sys\nfrom nasbed.tables.table import Table\nTable.open(sys.argv[1]).copy(sys.argv[2])"

IMPORT = """
import sys, time
from nasbed.tables import importing
read = importing._Records.read
def stay(records, *what):
    (importing.Path(sys.argv[2])).touch()
    time.sleep(60)
importing._Records.read = stay
from nasbed.tables.cache import table_for
table_for(sys.argv[1])
"""


def in_another_container(code, *words):
    """Run a program where process numbers begin at 1 again."""
    namespace = ["unshare", "--pid", "--fork", "--kill-child"]
    if shutil.which("unshare") is None or subprocess.run([*namespace, "true"], capture_output=True).returncode:
        pytest.skip("no process numbers of their own can be had here")
    return subprocess.Popen([*namespace, sys.executable, "-c", code, *map(str, words)])


@pytest.mark.slow
@pytest.mark.parametrize("alive", [True, False])
def test_what_an_import_in_another_container_has_begun(tmp_path, home, ends, alive):
    source = file_of(tmp_path / "small.tfrecord", published_records())
    again = file_of(tmp_path / "other.tfrecord", published_records(1))
    process = in_another_container(IMPORT, source, tmp_path / "begun")
    until((tmp_path / "begun").exists, process)
    (part,) = home.glob("tables/.*.part")
    if not alive:
        process.kill()
        process.wait()
    ends(command("import", again))
    assert part.exists() == alive  # what is made is left alone, what is dead is gone, whatever number it had
    if alive:
        process.kill()
        process.wait()
    ends(command("import", source))
    assert names(home) == []


@pytest.mark.slow
def test_numbers_of_version_0_1_decide_nothing(tmp_path, home, ends):
    source = file_of(tmp_path / "small.tfrecord", published_records())
    for name in (f".importing.{os.getpid()}.part", ".curves.1.part", ".x.json.1.part"):
        (home / "tables" / name).mkdir(parents=True)
    ends(command("import", source))
    assert names(home) == []


@pytest.mark.slow
def test_a_killed_campaign_on_a_disk_without_locks(tmp_path, ends):
    out, store = tmp_path / "mine.arrow", tmp_path / "mine.sqlite"
    first = started([*GENERATE, "--out", out], code=NO_LOCKS + RUN)
    until(lambda: records(store), first)
    first.kill()
    first.communicate()
    marker = tmp_path / ".mine.sqlite.lock.held"
    text = marker.read_text()
    marker.write_text(text.replace(text.splitlines()[1], "another-machine"))
    ends(started([*GENERATE, "--out", out], code=NO_LOCKS + RUN), marker)
    marker.write_text(text)  # of this machine, which sees that the process is gone
    ends(started([*GENERATE, "--out", out], code=NO_LOCKS + RUN))
    assert len(records(store)) == UNITS
    assert everything(tmp_path) == ["mine.arrow", "mine.sqlite"]


@pytest.mark.slow
def test_an_installation_that_may_not_be_written_to_without_a_home(tmp_path, ends):
    source = file_of(tmp_path / "small.tfrecord", published_records())
    package = Path(nasbed.__file__).parent
    shutil.copytree(package, tmp_path / "site" / "nasbed", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (tmp_path / "site", *(tmp_path / "site").rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    (tmp_path / "home").mkdir(mode=0o555)
    kept = {name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS")}
    how = {
        "env": {**kept, "PYTHONPATH": str(tmp_path / "site"), "HOME": str(tmp_path / "home"), "TMPDIR": str(scratch)}
    }

    def weak(*words):
        return started(["-m", "nasbed.cli", *words], code=WEAK, cwd=tmp_path / "home", **how)

    try:
        assert "import" in ends(weak("--help"))
        assert "15,625" in ends(weak("enumerate", "nasbench201"))
        for _ in range(2):  # compiled, then from where it is kept
            assert "chosen by validation" in ends(weak("search", "random", "--evaluations", 10))
        ends(weak("info", "digits101"))
        process = weak("import", source)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "set NASBED_HOME" in err
        assert err.count("\n") == 1
        assert str(tmp_path / "home") in err
        (kernels,) = scratch.iterdir()
        assert kernels.stat().st_mode & 0o777 == 0o700
        how["env"] |= {"NASBED_HOME": str(scratch / "mine"), "HOME": str(tmp_path / "none")}
        ends(weak("import", source))
    finally:
        for path in (tmp_path / "site", *(tmp_path / "site").rglob("*")):
            path.chmod(path.stat().st_mode | 0o200)


@pytest.mark.slow
def test_ctrl_c_ends_a_wait(tmp_path, home, ends):
    source = file_of(tmp_path / "small.tfrecord", published_records())
    first = subprocess.Popen([sys.executable, "-c", IMPORT, source, tmp_path / "begun"])
    try:
        until((tmp_path / "begun").exists, first)
        second = command("import", source)
        while "waiting for another process, which imports" not in (line := second.stderr.readline()):
            assert line
        assert f"as process {first.pid}" in line
        second.send_signal(signal.SIGINT)
        second.communicate(timeout=30)
        assert second.returncode == 130
    finally:
        first.kill()
        first.wait()
    ends(command("import", source))
    assert names(home) == []
