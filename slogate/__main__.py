"""`python -m slogate` is the command line."""

from slogate.cli.app import main

main()
