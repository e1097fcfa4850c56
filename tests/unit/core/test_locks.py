"""One process at a time, nobody after a process that died, and nothing left of a lock that was given back."""

import errno
import fcntl
import logging
import os
import subprocess
import sys
import threading
import time

import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.files import remove_left, replacing, scratch
from nasbed.core.locks import Held, claimed, holder, locked

HOLD = """
import sys
from pathlib import Path
from nasbed.core.locks import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.sqlite"


@pytest.fixture
def other(path):
    """Another process that holds the lock."""
    words = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.fixture
def lockless(monkeypatch):
    """A disk without locks."""

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_lock_leaves_nothing_and_can_be_taken_again(path, tmp_path):
    for _ in range(2):
        assert holder(path) is None
        with locked(path, "tries"):
            assert holder(path)["process"] == os.getpid()
            assert names(tmp_path) == [".a.sqlite.lock"]
        with pytest.raises(KeyError), locked(path, "tries"):
            raise KeyError
        assert names(tmp_path) == []


def test_two_files_have_two_locks(path, tmp_path):
    with claimed(path), claimed(tmp_path / "b.sqlite"):
        pass


def test_within_a_process_there_is_one_lock_too(path):
    with claimed(path):
        with pytest.raises(Held, match="works on"), locked(path, "works on it", 0.1):
            pass
        assert holder(path) is not None


def test_what_another_process_works_on_is_refused_until_it_ends(path, other):
    assert holder(path)["process"] == other.pid
    sentence = f"works on {path} .'nasbed status {path}' shows .*, as process {other.pid} on .*; wait for its end"
    with pytest.raises(Held, match=sentence), claimed(path):
        pass
    other.stdin.close()
    other.wait()
    with claimed(path):
        pass


def test_a_killed_process_holds_nothing(path, tmp_path, other):
    other.kill()
    other.wait()
    assert names(tmp_path) == [".a.sqlite.lock"]
    assert holder(path) is None
    with claimed(path):
        pass
    assert names(tmp_path) == []


@pytest.mark.slow
def test_who_waits_long_is_told_for_what_and_goes_on(path, other, caplog):
    threading.Timer(2.5, other.stdin.close).start()
    with caplog.at_level(logging.WARNING, "nasbed"), locked(path, "tries", 30):
        assert f"which tries, as process {other.pid}" in caplog.text


def test_asking_who_holds_a_lock_keeps_nobody_out(path):
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            holder(path)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(50):
            with claimed(path):
                pass
    finally:
        stop.set()
        asking.join()


def test_a_lock_that_somebody_removed_by_hand_is_not_another_s(path, tmp_path):
    with locked(path, "tries"):
        (tmp_path / ".a.sqlite.lock").unlink()
        with locked(path, "tries, too"):
            pass
        (tmp_path / ".a.sqlite.lock").touch()
    assert names(tmp_path) == [".a.sqlite.lock"]


def test_a_place_without_a_folder_is_named_and_not_made(tmp_path):
    with pytest.raises(BadSetting, match="there is no folder"), locked(tmp_path / "none" / "a", "tries"):
        pass
    assert names(tmp_path) == []


@pytest.mark.usefixtures("lockless")
def test_on_a_disk_without_locks_a_file_is_the_lock(path, tmp_path):
    for _ in range(2):
        assert holder(path) is None
        with locked(path, "tries"):
            assert holder(path)["process"] == os.getpid()
            with pytest.raises(Held, match=r"no locks.* remove .*\.a\.sqlite\.lock\.held"), locked(path, "tries", 0):
                pass
        assert names(tmp_path) == []


@pytest.mark.usefixtures("lockless")
def test_on_a_disk_without_locks_only_what_is_provably_dead_is_taken_over(path, tmp_path):
    marker = tmp_path / ".a.sqlite.lock.held"
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    with locked(path, "tries"):
        process, machine, *_ = marker.read_text().splitlines()
    assert int(process) == os.getpid()
    marker.write_text(f"{int(gone.stdout)}\nanother-machine\n")
    with pytest.raises(Held, match=r"on another-machine.*remove"), locked(path, "tries", 0):
        pass
    marker.write_text(f"{int(gone.stdout)}\n{machine}\n")
    with locked(path, "tries", 1):
        pass
    assert names(tmp_path) == []


def test_a_disk_that_had_locks_is_not_taken_for_one_without(path, other, lockless):
    with pytest.raises(BadSetting, match=r"\.a\.sqlite\.lock cannot be locked .No locks available"), claimed(path):
        pass


def test_files_are_written_by_one_at_a_time(path, tmp_path):
    """Each of many threads adds its line to what it reads; the last to write has them all."""
    path.write_text("")

    def add(number):
        with locked(path, "adds a line"):
            lines = path.read_text()
            time.sleep(0.001)
            with replacing(path) as beside:
                beside.write_text(f"{lines}{number}\n")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, path.read_text().split())) == list(range(20))
    assert names(tmp_path) == ["a.sqlite"]


MAKE = """
import sys
from pathlib import Path
from nasbed.core.files import replacing, scratch
path = Path(sys.argv[1])
with scratch(path) as folder, replacing(path) as beside:
    (folder / "some").write_text("half")
    beside.write_text("half")
    print("made", flush=True)
    sys.stdin.read()
"""


def test_what_is_left_is_removed_when_its_maker_is_dead_and_not_before(path, tmp_path):
    other = tmp_path / ".a.sqlite.keep"
    other.touch()
    for name in (f".a.sqlite.{os.getppid()}.part", ".b.arrow.1.shards"):  # of version 0.1, or of another container
        (tmp_path / name).mkdir()
        (tmp_path / name / "some").touch()
    words = [sys.executable, "-c", MAKE, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "made\n"
        with scratch(path):
            pass
        assert names(tmp_path)[-1] == ".b.arrow.1.shards"
        (folder,) = tmp_path.glob(".a.sqlite.*.part")
        assert (folder / "some").read_text() == "half"
        assert (tmp_path / ".a.sqlite.part").read_text() == "half"
        process.kill()
    with scratch(path):
        pass
    assert names(tmp_path) == [".a.sqlite.keep", ".b.arrow.1.shards"]
    remove_left(tmp_path)
    assert names(tmp_path) == [".a.sqlite.keep"]
