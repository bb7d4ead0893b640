"""`windstill serve`: the service on this machine."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import click

from windstill import __version__
from windstill.cli.settings_flags import settings_flags
from windstill.cli.streams import output_is_closed
from windstill.errors import OutputError
from windstill.extras import needs
from windstill.jobs.errors import InvalidKey
from windstill.settings import Settings, load, without_password

if TYPE_CHECKING:
    from windstill.jobs.engine import Engine

logger = logging.getLogger("windstill.serve")


@click.command()
@settings_flags
def serve(config_file: str | None, **flags: str | None) -> None:
    """Serve the web page and the APIs over HTTP.

    On an empty data folder a first key is made and shown once.

    Example: windstill serve --port 8080 --data data
    """
    try:
        from windstill.http.app import Application
        from windstill.http.logs import configure
        from windstill.http.server import Server
        from windstill.opening import close_engine, open_engine
    except ModuleNotFoundError as error:
        raise click.ClickException(needs("The service needs", error.name, "serve")) from error

    settings = load(flags, file=config_file).settings
    configure(settings.log_format, settings.log_level)
    engine = open_engine(settings)
    server = Server(Application(settings, engine))

    def greet(address: str) -> None:
        # Only now, lest a service that can't start makes a key that nobody sees.
        secret = None if output_is_closed() else first_key(engine)
        try:
            click.echo(welcome(settings, address, secret))
        except OutputError as error:
            unseen = " Nobody has seen the first key; make another." if secret else ""
            logger.warning("%s%s", error, unseen)

    server.on_started = greet
    engine.start()
    try:
        server.serve_until_told()
    finally:
        close_engine(engine)


def first_key(engine: Engine) -> str | None:
    """The secret of a new key, if there was none yet."""
    try:
        return None if engine.keys.list() else engine.keys.create("first", high_priority=True)[1]
    except InvalidKey:  # another service on the same database was quicker
        return None


def welcome(settings: Settings, address: str, secret: str | None) -> str:
    """What is printed once the service listens."""
    base = settings.public_url.rstrip("/") or address
    lines = [
        f"Windstill {__version__} listens on {address}",
        *every_network(settings.host),
        f"Data folder: {settings.data_folder}",
        *elsewhere(settings),
    ]
    if secret is not None:
        lines.append(f"A first key was made; it is shown only now: {secret}")
    lines += [
        f"Open it in a browser: {page(base, secret)}",
        "Or from a program:",
        f"  curl -H 'ailabapi-api-key: {secret or 'YOUR-KEY'}' -F image=@photo.jpg "
        f"-F operation=11 {base}/api/image/effects/image-fine-tuning",
    ]
    if secret is None:
        place = "--database ..." if settings.database else f"--data {settings.data}"
        lines.append(f"One more key: windstill keys create NAME {place}")
    return "\n".join(lines)


def every_network(host: str) -> list[str]:
    """Who can connect beside this machine, when that is more than one address tells."""
    both = host == "::" and socket.has_dualstack_ipv6()
    protocols = {"::": "IPv6 and IPv4" if both else "IPv6", "0.0.0.0": "IPv4"}  # noqa: S104
    found = protocols.get(host)
    return [] if found is None else [f"On every network of this machine, by {found}"]


def elsewhere(settings: Settings) -> list[str]:
    """What is not in the data folder, without passwords."""
    places = {
        "Database": settings.database,
        "Broker": settings.broker,
        "Storage": settings.storage,
    }
    return [f"{name}: {without_password(place)}" for name, place in places.items() if place]


def page(base: str, secret: str | None) -> str:
    """The web page's address; with a key in the fragment, which browsers send to nobody."""
    return f"{base}/" if secret is None else f"{base}/#key={secret}"
