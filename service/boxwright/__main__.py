"""Lets `python -m boxwright` be the command `boxwright`."""

from boxwright.cli import main

main()
