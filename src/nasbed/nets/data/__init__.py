"""Data sources: labelled images in three fixed parts, as tensors on the device that trains."""
