"""`windstill mcp`: a server for assistants that speak the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path

import click

from windstill.extras import needs

_PORTS = click.IntRange(1, 65535)


@click.command()
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="FOLDER...",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--http", metavar="PORT", type=_PORTS, help="Serve over HTTP, on this machine alone.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="At a time."
)
def mcp(folders: tuple[Path, ...], http: int | None, jobs: int) -> None:
    """Serve assistants: one tool, animate_photo, for photos in FOLDERs.

    It reads and writes nothing outside of these folders, and replaces no file. Without --http it
    speaks over standard input and output, as programs start it; with it, at
    http://127.0.0.1:PORT/mcp.

    Example: windstill mcp ~/Pictures
    """
    try:
        from windstill.cli.mcp_server import server
    except ModuleNotFoundError as error:
        raise click.ClickException(needs("Assistants need", error.name, "mcp")) from error
    made = server(folders, jobs)
    if http is None:
        made.run()
    else:
        click.echo(f"The tool is at http://127.0.0.1:{http}/mcp; Ctrl-C ends it.", err=True)
        made.run("streamable-http", host="127.0.0.1", port=http)
