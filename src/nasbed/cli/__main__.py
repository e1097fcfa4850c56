"""``python -m nasbed.cli``: the command line where no script is installed."""

from nasbed.cli import main

main()
