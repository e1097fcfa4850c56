"""How published files call what they measured, and what stands in arrays where they measured nothing."""

from __future__ import annotations

import numpy as np

MEASURES = ("current_epoch", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
"""What NAS-Bench-101 has of each moment of a training, in the order of its records."""

POINTS = {"start_": 0.0, "halfway_": 0.5, "": 1.0}
"""The moments, as what begins the names of their columns, and which share of the epochs lies before each."""

TRAIN = "train"
"""How NATS-Bench calls the images of the training itself, beside the splits."""

ABSENT = np.uint64(0x7FFC000000000000).view(np.float64)
"""What stands in arrays where a file has no number: a NaN whose mark single precision keeps too."""
