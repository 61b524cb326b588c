"""`python -m intentc` is the command `intentc`."""

from intentc.cli import main

main()
