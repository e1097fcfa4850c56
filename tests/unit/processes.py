"""Commands in processes of their own, which can be stopped; trainings and scores are made up, and take a moment."""

import subprocess
import sys
import time
from pathlib import Path

from nasbed.core.errors import BadSetting
from nasbed.run.stores.sqlite import SQLiteStore

RUN = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from factory import campaigns
from nasbed.factory import generate
from nasbed.scores import campaign
from scores import scorings

def slowly(work):
    return lambda *what: time.sleep(0.04) or work(*what)

generate.SURVEY, generate.TRAIN = campaigns.survey, slowly(campaigns.Trainer())
campaign.SURVEY, campaign.SCORE = scorings.survey, slowly(scorings.Scorer())
from nasbed.cli import main
main()
"""


def started(words, code=RUN, **how):
    """Begin a command; give its process."""
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)


def records(store):
    """Read what a store has; nothing when it is not there yet, or empty."""
    try:
        with SQLiteStore(store, read_only=True) as kept:
            return dict(kept)
    except BadSetting:
        return {}


def until(condition, process):
    """Wait for something that a process should bring about."""
    deadline = time.monotonic() + 90
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None
