"""`make chaos`: load, faults chosen by a seed, then every invariant of the reliability page by name."""
