"""The published files of NAS-Bench-201 and NATS-Bench, read without their own libraries, and without running any."""
