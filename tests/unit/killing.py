"""A command that is killed at random moments and begun again, many times, in forks of one process.

``python -m killing`` takes a case as JSON. It has all imports behind it when it forks, so that moments fall into the
command's work and not into the start of Python; whoever reads the folders compares them with the undisturbed one.
"""

import importlib
import io
import json
import os
import random
import signal
import sys
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

SIGNALS = (signal.SIGKILL,) * 3 + (signal.SIGINT, signal.SIGTERM)
DEATHS = 4  # at most, before it may end


def run(case):
    """Play a case: ``whole`` undisturbed, then ``ended-N``, each killed a few times before it ended; say how often."""
    folder, words = Path(case["folder"]), case["words"]
    for name in case["imports"]:
        importlib.import_module(name)
    patched(case["patches"])
    if case["warm"]:  # what is imported and compiled late
        begin(folder / "warm", words, fork=False)
    began = time.monotonic()
    finish(begin(folder / "whole", words), folder / "whole")
    span, chance, kills, ended = time.monotonic() - began, random.Random(case["seed"]), 0, 0
    while kills < case["kills"]:
        here, deaths = folder / f"ended-{ended}", 0
        while deaths < chance.randint(1, DEATHS) and disturb(begin(here, words), chance, span, here):
            deaths += 1
        finish(begin(here, words), here)
        kills, ended = kills + deaths, ended + 1
        span = span if deaths else span * 0.7  # it was too quick
    return {"kills": kills, "ended": ended, "seconds": span}


def patched(patches):
    """Put made-up work into its places: ``{"module:name": "module:name"}``."""
    for there, here in patches.items():
        module, _, name = there.partition(":")
        source, _, value = here.partition(":")
        setattr(importlib.import_module(module), name, getattr(importlib.import_module(source), value))


def begin(folder, words, fork=True):
    """Begin the command in a folder; give the number of its process."""
    folder.mkdir(exist_ok=True)
    child = os.fork() if fork else 0
    if child:
        return child
    from nasbed.cli import main

    before, said, code = Path.cwd(), io.StringIO(), 0
    os.environ["NASBED_HOME"] = str(folder / "home")
    os.chdir(folder)
    try:
        with redirect_stdout(said), redirect_stderr(said):
            main(words)
    except SystemExit as left:
        code = left.code
    except KeyboardInterrupt:  # before the command had begun
        code = 130
    except BaseException:
        code = 70
        said.write(traceback.format_exc())
    if fork:
        folder.with_suffix(".said").write_text(said.getvalue())
        os._exit(code)
    os.chdir(before)
    assert code == 0, said.getvalue()
    return 0


def disturb(process, chance, span, folder):
    """Kill it at some moment; say whether that was in time."""
    until = time.monotonic() + chance.uniform(0, span)
    while time.monotonic() < until:
        if os.waitpid(process, os.WNOHANG)[0]:
            return False
        time.sleep(0.001)
    how = chance.choice(SIGNALS)
    os.kill(process, how)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code == 0:
        return False
    assert code == -how or (code == 130 and how != signal.SIGKILL), (how, folder.with_suffix(".said").read_text())
    return True


def finish(process, folder):
    """Wait for its orderly end."""
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert code == 0, folder.with_suffix(".said").read_text()


def slowly(work):
    """Make work take a moment."""
    return lambda *what: time.sleep(0.01) or work(*what)


def made_up(name, attribute):
    """Find work of the tests, slow."""
    work = getattr(importlib.import_module(name), attribute)
    return slowly(work() if isinstance(work, type) else work)


def __getattr__(name):
    """Make work of the tests when it is asked for: importing it imports much."""
    if name == "train":
        return made_up("factory.campaigns", "Trainer")
    if name == "score":
        return made_up("scores.scorings", "Scorer")
    if name == "play":
        return made_up("nasbed.studies.work", "play")
    raise AttributeError(name)


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))
