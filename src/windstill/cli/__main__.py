"""`python -m windstill.cli`, where the `windstill` script is not installed."""

from windstill.cli import main

main(prog_name="windstill")
