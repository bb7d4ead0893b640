"""`windstill preview`: the web page on one photo."""

from __future__ import annotations

import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import click

from windstill.extras import needs

if TYPE_CHECKING:
    from windstill.cli.handover import Handover
    from windstill.settings import Settings

# Nothing of the operator's settings counts here: this service is for one person, on this machine,
# until the command ends.
_SETTINGS = {
    "host": "127.0.0.1",
    "port": "0",
    "log_level": "warning",
    "drain_delay": "0",
    "drain_seconds": "1",
    "rate_limit": "0",
    "job_limit": "0",
}


@click.command()
@click.argument("photo", type=click.Path())
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def preview(photo: str, no_browser: bool) -> None:
    """Open the web page on a photo, until Ctrl-C.

    The service listens on this machine alone, on a free port, with a key of its own; what it makes
    is deleted when the command ends. PHOTO may be - for standard input.

    Example: windstill preview photo.jpg
    """
    try:
        from windstill.cli.handover import Handover, picture_for_page
    except ModuleNotFoundError as error:
        raise click.ClickException(needs("The page needs", error.name, "serve")) from error
    from windstill.settings import load

    source = sys.stdin.buffer.read() if photo == "-" else photo
    name, body, kind = picture_for_page(source, "photo" if photo == "-" else Path(photo).stem)
    with tempfile.TemporaryDirectory(prefix="windstill-preview-") as folder:
        settings = load({**_SETTINGS, "data": folder}, environ={}).settings
        _serve(settings, Handover(name, body, kind), no_browser)


def _serve(settings: Settings, handover: Handover, no_browser: bool) -> None:
    from windstill.http.app import Application
    from windstill.http.logs import configure
    from windstill.http.server import Server
    from windstill.opening import open_engine

    configure(settings.log_format, settings.log_level)
    engine = open_engine(settings)
    key = engine.keys.create("preview")[1]
    handover.application = Application(settings, engine)
    server = Server(handover.application)
    server.config.app = handover

    def greet(address: str) -> None:
        page = f"{address}/#{urlencode({'key': key, 'photo': handover.path}, quote_via=quote)}"
        click.echo(f"The page is at {page}\nCtrl-C ends it.")
        if not no_browser and _has_screen():
            webbrowser.open(page)

    server.on_started = greet
    engine.start()
    try:
        server.serve_until_told()
    finally:
        engine.stop()


def _has_screen() -> bool:
    """Whether a browser could show the page; those of a text terminal would take it over."""
    return sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
