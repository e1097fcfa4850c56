"""Executors: every call has one outcome, whatever becomes of its worker, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.registry import executors
from nasbed.run.executors.processes import ProcessExecutor

HERE = "tests_of_executors"


@pytest.fixture(autouse=True)
def _work(tmp_path, monkeypatch):
    """A module of functions that workers can import, since they are given the path of this process."""
    (tmp_path / f"{HERE}.py").write_text(
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "def pid(): return os.getpid()\n"
        "def die(signal=signal.SIGKILL): os.kill(os.getpid(), signal)\n"
        "def once(flag):\n"
        "    if not Path(flag).exists():\n"
        "        Path(flag).touch()\n"
        "        die()\n"
        "    return 'alive'\n"
        "def nap(seconds, flag=None):\n"
        "    if flag: Path(flag).write_text(str(os.getpid()))\n"
        "    time.sleep(seconds)\n"
        "    return os.getpid()\n"
        "def chatter(): print('hello'); return sys.stdin.read()\n"
        "def threads(): return os.environ['OMP_NUM_THREADS']\n"
        "def hidden(): return lambda: None\n"
        "class Only:\n"
        "    def __reduce__(self): return (only_here, (os.getpid(),))\n"
        "def only_here(pid):\n"
        "    if pid != os.getpid(): raise RuntimeError('not in this process')\n"
        "def only(): return Only()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def gone(pid, within=5.0):
    """Say whether a process has ended, or ends soon."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


@pytest.fixture(params=["inline", "processes"])
def executor(request):
    with executors[request.param]() as made:
        yield made


def outcomes(executor, *calls):
    for tag, call in enumerate(calls):
        executor.submit(str(tag), *call)
    return {outcome.tag: outcome for outcome in executor.as_completed()}


def test_every_call_has_one_outcome(executor):
    heard = outcomes(executor, (divmod, 7, 2), (divmod, 1, 0), ("math:gcd", 12, 18), ("math:no",), ("no.module:f",))
    assert [heard[str(tag)].value for tag in range(5)] == [(3, 1), None, 6, None, None]
    assert [heard[str(tag)].error is None for tag in range(5)] == [True, False, True, False, False]
    assert heard["1"].error.startswith("ZeroDivisionError: ")
    assert all("\n" not in outcome.error for outcome in heard.values() if outcome.error)


def test_an_error_that_nasbed_raised_on_purpose_is_its_sentence(executor):
    heard = outcomes(executor, ("nasbed:space", "nasbench11"))
    assert heard["0"].error.startswith("no space is called 'nasbench11'")


def test_calls_may_be_submitted_while_waiting(executor):
    executor.submit("0", abs, -1)
    seen = []
    for outcome in executor.as_completed():
        seen.append(outcome.value)
        if len(seen) < 9:
            executor.submit(str(len(seen)), abs, -1 - len(seen))
    assert sorted(seen) == list(range(1, 10))
    assert list(executor.as_completed()) == []


def test_what_is_closed_has_nothing_pending(executor):
    executor.submit("0", abs, -1)
    executor.close()
    assert list(executor.as_completed()) == []


def test_workers_are_used_again_and_no_more_are_started_than_needed():
    with ProcessExecutor(workers=2) as executor:
        pids = {outcome.value for outcome in outcomes(executor, *[(f"{HERE}:nap", 0.02)] * 8).values()}
        assert len(pids) == 2
        assert {outcome.value for outcome in outcomes(executor, (f"{HERE}:pid",)).values()} < pids
    assert os.getpid() not in pids
    assert all(gone(pid) for pid in pids)


def test_a_worker_that_dies_is_one_calls_error_and_is_replaced():
    with ProcessExecutor(workers=1) as executor:
        heard = outcomes(
            executor, (f"{HERE}:pid",), (f"{HERE}:die",), (f"{HERE}:pid",), ("os:_exit", 3), (f"{HERE}:pid",)
        )
        assert heard["1"].error == "the worker was killed by SIGKILL"
        assert heard["3"].error == "the worker ended with exit code 3"
        assert len({heard[tag].value for tag in "024"}) == 3


def test_a_worker_that_died_while_idle_costs_no_call():
    with ProcessExecutor(workers=1) as executor:
        pid = outcomes(executor, (f"{HERE}:pid",))["0"].value
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        time.sleep(0.1)
        heard = outcomes(executor, (f"{HERE}:pid",))
        assert heard["0"].value not in (None, pid)


def test_what_a_call_prints_and_reads_is_not_taken_for_an_answer(capfd):
    with ProcessExecutor(workers=1) as executor:
        assert outcomes(executor, (f"{HERE}:chatter",))["0"].value == ""
    assert capfd.readouterr().err == "hello\n"


def test_large_values_travel_both_ways():
    text = "x" * 3_000_000
    with ProcessExecutor(workers=2) as executor:
        heard = outcomes(executor, *[("operator:add", text, "y")] * 4)
    assert all(outcome.value == text + "y" for outcome in heard.values())


def test_workers_run_one_thread_each():
    with ProcessExecutor(workers=1) as executor:
        assert outcomes(executor, (f"{HERE}:threads",))["0"].value == "1"


def test_values_that_cannot_travel_are_one_calls_error():
    with ProcessExecutor(workers=1) as executor:
        heard = outcomes(executor, (f"{HERE}:hidden",), (f"{HERE}:only",), (f"{HERE}:pid",))
        assert "pickle" in heard["0"].error
        assert "not in this process" in heard["1"].error
        assert heard["2"].error is None


def test_calls_that_cannot_travel_are_refused():
    with ProcessExecutor(workers=1) as executor:
        with pytest.raises(BadSetting, match="cannot be sent to a worker"):
            executor.submit("0", lambda: 0)
        function = type(test_workers_run_one_thread_each)(compile("0", "", "eval"), {"__name__": "__main__"})
        with pytest.raises(BadSetting, match="defined in the running script"):
            executor.submit("0", function)
        own = type("Own", (), {"__module__": "__main__", "__qualname__": "Own"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys.modules["__main__"], "Own", own, raising=False)
            with pytest.raises(BadSetting, match="whose class is defined in the running script"):
                executor.submit("0", f"{HERE}:pid", own())


def test_there_is_at_least_one_worker():
    with pytest.raises(BadSetting, match="from 1 or none, not 0"):
        ProcessExecutor(workers=0)
    assert ProcessExecutor().slots >= 1


SCRIPT = f"""
import sys
from nasbed.run.executors.processes import ProcessExecutor
with ProcessExecutor(workers=2) as executor:
    for tag in "ab":
        executor.submit(tag, "{HERE}:nap", 60, sys.argv[1] + tag)
    list(executor.as_completed())
"""


def parent(tmp_path):
    """Start a script that waits for two napping workers; give it and their process ids."""
    flags = [tmp_path / f"flag{tag}" for tag in "ab"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "flag")], env=environment, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 20
    while not all(flag.exists() and flag.read_text() for flag in flags):
        assert time.monotonic() < until
        time.sleep(0.01)
    return process, [int(flag.read_text()) for flag in flags]


def test_workers_end_when_their_parent_is_killed(tmp_path):
    process, pids = parent(tmp_path)
    process.kill()
    assert all(gone(pid) for pid in pids)
    assert process.communicate()[1] == b""


def test_an_interrupt_stops_the_workers_at_once_and_in_silence(tmp_path):
    process, pids = parent(tmp_path)
    for pid in pids:
        os.kill(pid, signal.SIGINT)  # as a terminal would, were they in its foreground
    assert not any(gone(pid, within=0.3) for pid in pids)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].decode()
    assert time.monotonic() - began < 5  # where they would sleep for a minute
    assert said.count("Traceback") == 1  # the script's own
    assert "KeyboardInterrupt" in said
    assert all(gone(pid) for pid in pids)
