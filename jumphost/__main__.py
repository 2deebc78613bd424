"""``python -m jumphost``: the command line."""

from jumphost.cli.main import main

main()
