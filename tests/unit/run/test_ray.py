"""The Ray executor: settings, what a lost node means, and a campaign under which nodes, workers and drivers die."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from factory.campaigns import records, same_but_for_times

from nasbed.core.errors import BadSetting, MissingExtra
from nasbed.core.executor import Outcome
from nasbed.core.extras import require
from nasbed.factory.generate import generate
from nasbed.run.executors import ray as ray_executor
from nasbed.run.executors.ray import RayExecutor
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table
from nasbed.testing import executors as work

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs nasbed[ray]")
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs nasbed[torch]")
SMALL = {"object_store_memory": 80 * 2**20, "include_dashboard": False}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"address": "there"}, "'host:port', 'auto' or None, not 'there'"),
        ({"address": "ray://there:10001"}, "not 'ray://there:10001'"),
        ({"workers": 0}, "workers is a whole number from 1 or none, not 0"),
        ({"cpus": -1}, "cpus is a number from 0, not -1"),
        ({"gpus": float("nan")}, "gpus is a number from 0, not nan"),
        ({"gpus": 1.5}, "gpus must be whole, or a fraction of one, not 1.5"),
        ({"cpus": 0}, "cannot both be 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, said):
    with pytest.raises(BadSetting, match=said):
        RayExecutor(**settings)


def test_where_ray_is_missing_its_install_line_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'nasbed\[ray\]'"):
        RayExecutor()


@needs_ray
def test_a_cluster_that_does_not_answer_is_said_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        port, began = taken.getsockname()[1], time.monotonic()
        with pytest.raises(BadSetting, match=rf"no Ray cluster can be joined at '127.0.0.1:{port}'.* ray start --head"):
            ray_executor._connect(require("ray", "ray"), f"127.0.0.1:{port}", 1)  # whatever this process is joined to
    assert time.monotonic() - began < 5


def outcomes(executor, *calls):
    for tag, call in enumerate(calls):
        executor.submit(str(tag), *call)
    return {outcome.tag: outcome for outcome in executor.as_completed()}


@pytest.mark.slow
def test_the_cluster_says_how_many_calls_it_has_room_for(ray_here):
    assert RayExecutor().slots == 2
    assert RayExecutor(cpus=0.1).slots == 20
    assert RayExecutor(cpus=2).slots == 1
    assert RayExecutor(workers=7).slots == 7
    with pytest.raises(BadSetting, match=r"no node .* has room for a call, which takes up 1 CPUs and 0\.5 GPUs"):
        RayExecutor(gpus=0.5)
    assert RayExecutor(gpus=1, workers=3).slots == 3  # of nodes that are still to come


@pytest.mark.slow
def test_a_connection_that_was_there_is_left_as_it_is(ray_here):
    with RayExecutor() as executor:
        assert outcomes(executor, (abs, -1))["0"].value == 1
    assert ray_here.is_initialized()
    assert ray_here.get(ray_here.put(1)) == 1


@pytest.mark.slow
def test_workers_run_one_thread_each_and_find_the_files_of_this_process(ray_here, monkeypatch):
    monkeypatch.setenv("NASBED_DATA", "/where/pictures/are")
    with RayExecutor() as executor:
        heard = outcomes(executor, *[("os:getenv", name) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")])
        assert {outcome.value for outcome in heard.values()} == {"1"}
        assert outcomes(executor, ("os:getenv", "NASBED_DATA"))["0"].value == "/where/pictures/are"


@pytest.mark.slow
def test_no_more_calls_run_at_a_time_than_there_are_workers_which_are_used_again(ray_here):
    with RayExecutor(workers=1, cpus=0.1) as executor:
        began = time.monotonic()
        assert len(outcomes(executor, *[("time:sleep", 0.3)] * 4)) == 4
        assert time.monotonic() - began >= 1.2
        assert len({outcome.value for outcome in outcomes(executor, *[(work.process,)] * 8).values()}) == 1


@pytest.mark.slow
def test_how_a_worker_ended_is_one_line(ray_here):
    with RayExecutor() as executor:
        heard = outcomes(executor, (work.die,), ("sys:exit", 3), (abs, -1))
    assert heard["0"].error == heard["1"].error == "the worker died: it was killed, or crashed in native code"
    assert heard["2"] == Outcome("2", 1)


class Lossy:
    """Ray, but a call's node is lost as often as told before its answer is there."""

    def __init__(self, ray, losses):
        self.ray, self.left = ray, losses

    def __getattr__(self, name):
        return getattr(self.ray, name)

    def get(self, reference):
        if self.left:
            self.left -= 1
            raise self.ray.exceptions.NodeDiedError("no more")
        return self.ray.get(reference)


@pytest.mark.slow_where("11")
@pytest.mark.parametrize(
    ("losses", "error"), [(10, None), (11, "11 nodes were lost, one after another, with this call")]
)
def test_a_call_whose_nodes_are_lost_runs_again_but_not_for_ever(ray_here, losses, error):
    with RayExecutor() as executor:
        executor._ray = Lossy(ray_here, losses)
        assert outcomes(executor, (abs, -1)) == {"0": Outcome("0", None if error else 1, error)}


# What follows takes clusters of its own.


@pytest.fixture
def folder(monkeypatch):
    """Ray's folder, with a path short enough for sockets."""
    made = tempfile.mkdtemp(prefix="ray-")
    monkeypatch.setenv("RAY_TMPDIR", made)
    (Path(made) / "ray").mkdir()
    yield made
    left = descendants(made)
    shutil.rmtree(made, ignore_errors=True)
    assert left == [], "processes of Ray were left behind"


@pytest.fixture
def cluster(folder):
    """A head without room for calls, and two nodes with room for one call each, on this machine."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **SMALL})
    made.lost, made.kept = (made.add_node(num_cpus=1, **SMALL) for _ in range(2))
    yield made
    made.shutdown()


def processes():
    """Give parent and command of each process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found[int(entry.name)] = parent, (entry / "cmdline").read_bytes().decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def descendants(folder, within=20.0):
    """Wait for the processes whose commands name a folder to end, and give those that do not."""
    until = time.monotonic() + within
    while left := [command for _, command in processes().values() if folder in command]:
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    return left


def busy(node=None):
    """Give the processes that are making a call, perhaps of one node."""
    raylet = node and node.all_processes["raylet"][0].process.pid
    return [
        pid for pid, (parent, command) in processes().items() if "ray::answer" in command and raylet in (None, parent)
    ]


def held(node=None):
    """Stop a process in the middle of a call, which cannot end now, and give it."""
    while True:
        pid = until(lambda: busy(node))[0]
        os.kill(pid, signal.SIGSTOP)
        if pid in busy(node):
            return pid
        os.kill(pid, signal.SIGCONT)


def until(holds, within=120.0):
    """Wait for something to be so, and give it."""
    late = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < late, "it takes too long"
        time.sleep(0.05)
    return found


SETTINGS = {
    "skeleton": {"stem_channels": 4, "stacks": 1},
    "recipe": {"batch_size": 100},
    "budgets": (1, 2, 3),
    "repeats": 3,
    "together": 1,
    "seed": 5,
}
SPACE = NASBench101(vertices=3)
UNITS = 63  # 7 modules, 3 budgets, 3 repeats

GENERATE = """
import json, sys
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.factory.generate import generate
out, address, settings = sys.argv[1:]
say = lambda status: print(status.done, flush=True)
where = {"executor": "ray", "executor_settings": {"address": address}}
generate(out, space=NASBench101(vertices=3), progress=say, command="a test", **where, **json.loads(settings))
"""


@contextmanager
def started(script, *arguments):
    """A program in a process group of its own, as a terminal's foreground is, until it is no longer needed."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait(driver, least):
    """Read what a driver says until so many units are done, and give how many."""
    for line in driver.stdout:
        if int(line) >= least:  # nothing but numbers: Ray is silent
            return int(line)
    raise AssertionError(driver.stderr.read())


@pytest.mark.slow
@needs_ray
@needs_torch
def test_workers_nodes_and_drivers_die_and_every_unit_is_done_once(cluster, tmp_path):
    out = tmp_path / "table.arrow"
    command = GENERATE, str(out), cluster.address, json.dumps(SETTINGS)
    with started(*command) as driver:
        for done in (5, 10):  # one may have sent its answer already when it is stopped
            wait(driver, done)
            os.kill(held(), signal.SIGKILL)
        wait(driver, 15)
        lost = held(cluster.lost)
        cluster.remove_node(cluster.lost, allow_graceful=False)
        os.kill(lost, signal.SIGKILL)  # stopped as it is, it would not notice
        wait(driver, 25)
        joined = cluster.add_node(num_cpus=1, **SMALL)
        until(lambda: busy(joined))
        wait(driver, 35)
    until(lambda: not busy(), within=30)  # what nobody waits for any more has ended
    done = len(records(out.with_suffix(".sqlite")))
    assert 35 <= done < UNITS
    with started(*command) as driver:
        assert wait(driver, 0) == done
        assert wait(driver, UNITS) == UNITS
        assert driver.communicate() == ("", "")
        assert driver.returncode == 0
    kept = records(out.with_suffix(".sqlite"))
    more = sum(record["attempts"] - 1 for record in kept.values())
    assert 1 <= more <= 2, "a worker's death costs an attempt, and the node's none"
    inline = generate(tmp_path / "inline.arrow", space=SPACE, executor="inline", command="a test", **SETTINGS)
    same_but_for_times(Table.open(out), inline)


NAP = """
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run in the background, where it is ignored
from nasbed.run.executors.ray import RayExecutor
with RayExecutor(**json.loads(sys.argv[1])) as executor:
    for tag in "abc":
        executor.submit(tag, "time:sleep", 600)
    list(executor.as_completed())
"""


@contextmanager
def napping(**settings):
    """A program that waits for calls, two of which are being made."""
    with started(NAP, json.dumps(settings)) as process:
        until(lambda: len(busy()) == 2)
        yield process


@pytest.mark.slow
@needs_ray
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_a_cluster_of_ones_own_ends_with_its_process(folder, how):
    with napping(workers=2) as process:
        os.killpg(process.pid, how)
        _, said = process.communicate(timeout=60)
    assert said.count("Traceback") == (how == signal.SIGINT)  # the script's own
    assert descendants(folder) == []
    until(lambda: not busy(), within=30)


@pytest.mark.slow
@needs_ray
def test_calls_on_a_cluster_of_others_end_with_their_process_and_nothing_else_does(cluster):
    with napping(address=cluster.address) as process:
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert time.monotonic() - began < 30
    assert said.count("Traceback") == 1
    until(lambda: not busy(), within=30)
    with napping(address="auto") as process:
        process.kill()
    until(lambda: not busy(), within=30)
    assert cluster.remaining_processes_alive()
