"""Ray: calls run on the nodes of a Ray cluster, be they this machine alone or hundreds.

A call is a task of Ray's that Ray itself never makes twice: here it is decided what an end means. A worker that dies
is its call's outcome; a node that is lost is nobody's fault, and what ran on it runs again elsewhere. Tasks end with
the process that submitted them, however that one ends, so that nothing is left behind that would do a call twice.

When all nodes are lost, calls wait for new ones. When the cluster's head is lost, Ray ends this process a minute later.

Workers import the work from what is installed on their nodes, from the directory of the running script and from the
working directory.

Reference: Moritz et al., OSDI 2018, https://arxiv.org/abs/1712.05889
"""

from __future__ import annotations

import logging
import math
import os
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from nasbed.core.bounds import Bounds, Count, check
from nasbed.core.errors import BadSetting
from nasbed.core.executor import Executor, Outcome, Work, in_one_line, usable_cores
from nasbed.core.extras import require
from nasbed.run.executors.calls import ONE_THREAD, answer, opened, packed

_LOG = logging.getLogger(__name__)
_LOSSES = 10  # nodes that may be lost under one call before it is taken for what brings them down
_AHEAD = 2  # calls in Ray's hands, a slot: nobody waits for the next, and a cluster that grows on demand sees demand
_OBJECT_STORE = 100 * 2**20  # bytes, for a cluster of our own: calls and answers are small


class RayExecutor(Executor):
    """Runs calls on a Ray cluster, which may gain and lose nodes meanwhile.

    A process has one connection to Ray. Where there is one already it is used, and left as it is.

    Args:
        address: The cluster: ``"host:port"``, or ``"auto"`` for the one that this machine is part of; None starts one
            on this machine, which ends with the executor.
        workers: How many calls run at the same time; None for as many as the cluster has room for at the moment.
        cpus: Cores that a call takes up, perhaps a fraction.
        gpus: GPUs that a call takes up, perhaps a fraction of one. Such a call has a process of its own, since a
            process cannot move to another GPU.

    Raises:
        BadSetting: When settings are outside what is allowed, no cluster answers, or it has no room for a call.
        MissingExtra: When Ray is not installed.
    """

    def __init__(
        self, address: str | None = None, workers: int | None = None, cpus: float = 1.0, gpus: float = 0.0
    ) -> None:
        _check(address, workers, cpus, gpus)
        self._ray = require("ray", "ray")
        self._workers = workers
        self._needs = {kind: amount for kind, amount in (("CPU", cpus), ("GPU", gpus)) if amount}
        self._queue: deque[_Call] = deque()
        self._running: dict[Any, _Call] = {}  # by the reference to what the task will return
        self._connected = not self._ray.is_initialized()
        if self._connected:
            _connect(self._ray, address, max(usable_cores(), math.ceil(cpus * (workers or 1))))
        if workers is None and not self._room():
            self.close()
            raise BadSetting(
                f"no node of the Ray cluster has room for a call, which takes up {cpus:g} CPUs and {gpus:g} GPUs; "
                "ask for less, or give workers to wait for nodes that are still to come"
            )
        self._task = self._ray.remote(
            num_cpus=cpus, num_gpus=gpus, max_retries=0, runtime_env={"env_vars": _environment()}
        )(answer)

    @property
    def slots(self) -> int:
        """The number of workers, or how many calls the cluster has room for now."""
        return self._workers or max(1, self._room())

    def submit(self, tag: str, work: Work, *args: Any) -> None:
        """Queue a call.

        Raises:
            BadSetting: When the call cannot be pickled, or its function is in the script that is running, which no
                worker imports.
        """
        self._queue.append(_Call(tag, packed(tag, work, args)))

    def as_completed(self) -> Iterator[Outcome]:
        """Hand calls to Ray and wait for whichever ends first."""
        self._hand_out()
        while self._running:
            (reference,), _ = self._ray.wait(list(self._running))
            outcome = self._outcome(reference, self._running.pop(reference))
            self._hand_out()  # before the caller looks at the outcome, so that nobody idles meanwhile
            if outcome is not None:
                yield outcome
                self._hand_out()

    def close(self) -> None:
        """End what runs and forget what has not begun; leave the cluster, which ends if it was started here."""
        running, self._running = self._running, {}
        self._queue.clear()
        if self._connected:
            self._connected = False
            self._ray.shutdown()  # Ray ends the tasks of a process that is gone
        else:
            for reference in running:
                self._ray.cancel(reference, force=True)

    def _hand_out(self) -> None:
        """Make tasks of queued calls, old ones first."""
        if self._queue:
            most = self._workers or _AHEAD * self.slots
            while self._queue and len(self._running) < most:
                call = self._queue.popleft()
                self._running[self._task.remote(call.packed)] = call

    def _outcome(self, reference: Any, call: _Call) -> Outcome | None:
        """Give how a call ended; None when it was lost without having ended, and is first in the queue again."""
        errors = self._ray.exceptions
        try:
            return opened(call.tag, self._ray.get(reference))
        except (errors.NodeDiedError, errors.ObjectLostError):
            if call.losses == _LOSSES:
                return Outcome(call.tag, error=f"{_LOSSES + 1} nodes were lost, one after another, with this call")
            _LOG.info("the node that made the call %r is lost; it is made again", call.tag)
            self._queue.appendleft(replace(call, losses=call.losses + 1))
            return None
        except errors.OutOfMemoryError:
            return Outcome(call.tag, error="the worker was killed, since its node ran out of memory")
        except errors.WorkerCrashedError:
            return Outcome(call.tag, error="the worker died: it was killed, or crashed in native code")
        except errors.RayTaskError as error:  # not of the work, whose exceptions are answers
            return Outcome(call.tag, error=in_one_line(error.cause))
        except errors.RayError as error:
            return Outcome(call.tag, error=in_one_line(error))

    def _room(self) -> int:
        """Count the calls that the cluster's nodes, others' work apart, can make at the same time."""
        return sum(
            min(math.floor(node["Resources"].get(kind, 0) / amount + 1e-6) for kind, amount in self._needs.items())
            for node in self._ray.nodes()
            if node["Alive"]
        )


@dataclass(frozen=True)
class _Call:
    """A call on its way: its tag, itself, and how many nodes were lost that were making it."""

    tag: str
    packed: bytes
    losses: int = 0


def _check(address: str | None, workers: int | None, cpus: float, gpus: float) -> None:
    """Refuse at the door what Ray would refuse later, or wait for without an end."""
    host, _, port = (address or "auto").rpartition(":")
    if address not in (None, "auto") and not (host and port.isdecimal() and "://" not in host):
        raise BadSetting(f"address must be 'host:port', 'auto' or None, not {address!r}")
    check("workers", workers, Count | None)
    for name, amount in (("cpus", cpus), ("gpus", gpus)):
        check(name, amount, Annotated[float, Bounds(least=0)])
    if gpus > 1 and gpus % 1:
        raise BadSetting(f"gpus must be whole, or a fraction of one, not {gpus}")
    if not cpus and not gpus:
        raise BadSetting("a call takes up cpus, gpus or both; they cannot both be 0")


def _connect(ray: Any, address: str | None, cores: int) -> None:
    """Join a cluster, or start one with so many cores on this machine; in silence.

    Raises:
        BadSetting: When no cluster answers.
    """
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    # Ray prints what its nodes say, pages of it when one is lost, and has no switch for that but its debugger's.
    require("ray._private.worker", "ray")._worker_logs_enabled = False
    if address is None:
        ray.init("local", num_cpus=cores, object_store_memory=_OBJECT_STORE, include_dashboard=False, **quiet)
        return
    try:
        if address != "auto":
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), timeout=10).close()  # Ray would try for minutes
        ray.init(address, **quiet)
    except (OSError, RuntimeError) as error:
        said = " ".join(str(error).split())
        raise BadSetting(
            f"no Ray cluster can be joined at {address!r} ({said}); start one with: ray start --head, and give the "
            "address that it prints, on a machine that is part of it"
        ) from None


def _environment() -> dict[str, str]:
    """Give what workers find in their environment: one thread each, and where this process has its files."""
    return {**{name: value for name, value in os.environ.items() if name.startswith("NASBED_")}, **ONE_THREAD}
