"""The GPU of this machine, if it has one; NASBED_TEST_DEVICE names another device to run its tests on."""

import os
from importlib.util import find_spec


def _gpu() -> str | None:
    if find_spec("torch") is None:
        return None
    import torch

    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return next((name for name, there in found.items() if there), None)


GPU = os.environ.get("NASBED_TEST_DEVICE") or _gpu()
