"""What can go wrong while output is written, done on purpose: `python -m tests.faults --help`."""
