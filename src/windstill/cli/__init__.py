"""The command line: `windstill COMMAND`; each command's module is imported when it is used."""

from __future__ import annotations

from windstill.cli.commands import Commands

main = Commands(
    name="windstill",
    help="""Turn a still photo into a seamlessly looping video of its sky and hair.

    Example: windstill animate photo.jpg""",
    epilog="""\b
    Exit status: 0 done; 1 unexpected; 2 wrong usage or option; 3 not a usable photo;
    4 the result can't be written; 5 the engine failed; 6 nothing to move (with --strict);
    130 interrupted. With several photos it is the highest of theirs.""",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

__all__ = ["main"]
