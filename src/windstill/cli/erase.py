"""`windstill erase`: takes single results away before their time."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import click

from windstill.errors import InvalidOption
from windstill.settings import load

_NAME = re.compile(r"(?:^|/)(results/[A-Za-z0-9_-]{1,128}(?:\.[a-z0-9]{1,8})?)$", re.A)


@click.command()
@click.argument("links", nargs=-1, required=True, metavar="LINK...")
@click.option("--data", metavar="DIR", help="Folder of keys, jobs and results.  [default: data]")
@click.option("--storage", metavar="URL", help="Where results are, if not there: s3://bucket.")
@click.option("--config", "config_file", metavar="FILE", help="The service's settings.")
def erase(
    links: tuple[str, ...], data: str | None, storage: str | None, config_file: str | None
) -> None:
    """Erase results by the links to them, or by their names (results/...).

    A link leads nowhere afterwards. Works while the service runs.

    Example: windstill erase 'http://127.0.0.1:8080/files/results/5f3c.mp4?expires=...'
    """
    from windstill.jobs.errors import BlobMissing
    from windstill.opening import open_blobs

    names = [_name_of(link) for link in links]
    settings = load({"data": data, "storage": storage}, file=config_file).settings
    if not settings.storage and not settings.data_folder.is_dir():
        raise InvalidOption(
            f"There is no data folder {settings.data}; name it with --data.", field="data"
        )
    blobs = open_blobs(settings)
    for name in names:
        blobs.stat(name)  # who erases wants to know that it was there
    for name in names:
        try:
            blobs.delete(name)
        except BlobMissing:
            continue
        click.echo(f"erased {name}")


def _name_of(link: str) -> str:
    found = _NAME.search(unquote(urlsplit(link).path))
    if found is None:
        raise InvalidOption(
            f"LINK is {link[:60]!r}; allowed: a result's link, or its name results/....",
            field="link",
        )
    return found[1]
