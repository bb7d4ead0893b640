"""`windstill keys`: who may use the service."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from windstill.cli.streams import require_output
from windstill.errors import InvalidOption, OutputError
from windstill.settings import Settings, load

if TYPE_CHECKING:
    from windstill.jobs.access import AccessRing
    from windstill.jobs.accounts import Key
    from windstill.jobs.keys import KeyRing

Command = TypeVar("Command", bound=Callable[..., Any])

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_UNLIMITED = "unlimited"


@click.group()
def command() -> None:
    """Create, list, show, rotate and revoke API keys, and give them credits."""


def _common(function: Command) -> Command:
    """Adds the flags that every one of these commands takes; two of them become `settings`."""

    @wraps(function)
    def run(
        data: str | None, database: str | None, config_file: str | None, **given: Any
    ) -> object:
        settings = load({"data": data, "database": database}, file=config_file).settings
        return function(settings=settings, **given)

    flags = (
        click.option(
            "--data",
            metavar="DIR",
            help="Folder of keys, jobs and results.  [default: data]",
        ),
        click.option(
            "--database",
            metavar="URL",
            help="Where keys and jobs are, if not there: postgresql://user@host/name.",
        ),
        click.option("--config", "config_file", metavar="FILE", help="The service's settings."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts."),
    )
    for flag in reversed(flags):
        run = flag(run)
    return cast(Command, run)


@command.command()
@click.argument("name")
@click.option("--credits", type=int, metavar="N", help="What the key may spend. [default: any]")
@click.option("--rate", type=float, metavar="N", help="Jobs a minute.")
@click.option("--job-limit", type=int, metavar="N", help="Unfinished jobs at once.")
@click.option("--high-priority", is_flag=True, help="Its jobs may ask to be run first.")
@_common
def create(
    name: str,
    credits: int | None,
    rate: float | None,
    job_limit: int | None,
    high_priority: bool,
    settings: Settings,
    as_json: bool,
) -> None:
    """Create a key called NAME and print its secret, which can't be shown again.

    Example: windstill keys create anna --credits 3000
    """
    require_output()
    with _keys(settings, create=True) as keys:
        key, secret = keys.create(
            name,
            credits=credits,
            rate=_a_second(rate),
            job_limit=job_limit,
            high_priority=high_priority,
        )
        _print_secret(keys, key, secret, as_json)


@command.command("list")
@_common
def list_(settings: Settings, as_json: bool) -> None:
    """List all keys, revoked ones too.

    Example: windstill keys list --json
    """
    with _keys(settings) as keys:
        rows = [_facts(keys, key) for key in keys.list()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    columns = ("name", "id", "state", "left", "spent", "succeeded", "failed", "created")
    table = [columns, *(tuple(_word(column, row[column]) for column in columns) for row in rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@command.command()
@click.argument("name")
@_common
def show(name: str, settings: Settings, as_json: bool) -> None:
    """Show one key, by name or id: its limits, credits and usage.

    Example: windstill keys show anna
    """
    with _keys(settings) as keys:
        _print(_facts(keys, keys.find(name)), as_json)


@command.command()
@click.argument("name")
@click.option(
    "--overlap",
    default="24h",
    show_default=True,
    metavar="TIME",
    help="How long older secrets still work: a number with s, m, h or d.",
)
@_common
def rotate(name: str, overlap: str, settings: Settings, as_json: bool) -> None:
    """Print a new secret for a key; older ones work for a while yet.

    Example: windstill keys rotate anna --overlap 1h
    """
    seconds = _seconds(overlap)
    require_output()
    with _keys(settings) as keys:
        key, secret = keys.rotate(name, seconds)
        _print_secret(keys, key, secret, as_json)


@command.command()
@click.argument("name")
@click.option("--rotate", is_flag=True, help="Make a new secret for the pair.")
@click.option(
    "--overlap",
    default="24h",
    show_default=True,
    metavar="TIME",
    help="With --rotate, how long the former secret still works: a number with s, m, h or d.",
)
@click.option("--off", is_flag=True, help="Switch the pair off; the key itself works on.")
@click.option("--loop", is_flag=True, help="Print the key and salt that sign addresses of loops.")
@_common
def access(
    name: str,
    rotate: bool,
    overlap: str,
    off: bool,
    loop: bool,
    settings: Settings,
    as_json: bool,
) -> None:
    """Print the access key pair of a key, for clients that sign their requests.

    It is made at first, and can be printed again at any time. After --off, the next one has a
    new secret. The settings acs_api and loop_sources say whether signed requests, and signed
    addresses of loops, are answered at all.

    Example: windstill keys access anna --loop
    """
    if rotate and off:
        raise InvalidOption("--rotate and --off can't be given together.", field="off")
    seconds = _seconds(overlap)
    with _keys(settings) as keys:
        ring = _access_ring(settings, keys)
        if off:
            ring.close(name)
            _print(_facts(keys, keys.find(name)), as_json)
            return
        pair = ring.rotate(name, seconds) if rotate else ring.open(name)
    if loop:
        from windstill.jobs.access import loop_secret

        signs = loop_secret(pair.secret)
        _print({"key": signs.key.hex(), "salt": signs.salt.hex()}, as_json, width=5)
        if not settings.loop_sources and not as_json:
            click.echo("Signed addresses are off: the setting loop_sources is empty.", err=True)
        return
    _print({"AccessKeyId": pair.id, "AccessKeySecret": pair.secret}, as_json, width=16)
    if settings.acs_api == "off" and not as_json:
        click.echo("Signed requests are not answered: the setting acs_api is off.", err=True)


@command.command()
@click.argument("name")
@_common
def revoke(name: str, settings: Settings, as_json: bool) -> None:
    """Close a key for good. What it has running is finished.

    Example: windstill keys revoke anna
    """
    with _keys(settings) as keys:
        _print(_facts(keys, keys.revoke(name)), as_json)


@command.command()
@click.argument("name")
@click.option("--rate", type=float, metavar="N", help="Jobs a minute. [default: any key's]")
@click.option("--job-limit", type=int, metavar="N", help="Unfinished jobs. [default: any key's]")
@click.option("--high-priority", is_flag=True, help="Its jobs may ask to be run first.")
@_common
def limit(
    name: str,
    rate: float | None,
    job_limit: int | None,
    high_priority: bool,
    settings: Settings,
    as_json: bool,
) -> None:
    """Set all limits of a key; what is not given is as for any other key.

    Example: windstill keys limit anna --job-limit 16 --high-priority
    """
    with _keys(settings) as keys:
        keys.limit(name, rate=_a_second(rate), job_limit=job_limit, high_priority=high_priority)
        _print(_facts(keys, keys.find(name)), as_json)


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("amount")
@_common
def credit(name: str, amount: str, settings: Settings, as_json: bool) -> None:
    """Add AMOUNT credits to a key, take them when negative, or make it "unlimited".

    Example: windstill keys credit anna 1500
    """
    if amount != _UNLIMITED and not re.fullmatch(r"[+-]?[0-9]{1,15}", amount):
        raise InvalidOption(
            f"AMOUNT is {amount!r}; allowed: a whole number, or {_UNLIMITED}.", field="amount"
        )
    with _keys(settings) as keys:
        keys.grant(name, None if amount == _UNLIMITED else int(amount))
        _print(_facts(keys, keys.find(name)), as_json)


@contextmanager
def _keys(settings: Settings, *, create: bool = False) -> Iterator[KeyRing]:
    from windstill.jobs.errors import InvalidKey
    from windstill.jobs.keys import KeyRing
    from windstill.opening import open_store

    if not create and not settings.database and not settings.data_folder.is_dir():
        raise InvalidKey(
            f"There is no data folder {settings.data}; name it with --data.", field="data"
        )
    store = open_store(settings)
    try:
        yield KeyRing(store)
    finally:
        store.close()


def _access_ring(settings: Settings, keys: KeyRing) -> AccessRing:
    from windstill.jobs.access import AccessRing
    from windstill.opening import access_secret

    return AccessRing(keys, access_secret(settings))


def _facts(keys: KeyRing, key: Key) -> dict[str, Any]:
    balance, usage = keys.balance(key.id), keys.usage(key.id)
    return {
        "name": key.name,
        "id": key.id,
        "state": "revoked" if key.revoked else "active",
        "created": _date(key.created_at),
        "revoked": None if key.revoked_at is None else _date(key.revoked_at),
        "access": _access_word(key),
        "granted": balance.granted,
        "left": balance.left,
        "spent": balance.spent,
        "reserved": balance.reserved,
        "rate": None if key.rate is None else 60 * key.rate,
        "job_limit": key.job_limit,
        "high_priority": key.high_priority,
        "succeeded": usage.succeeded,
        "failed": usage.failed,
        "cancelled": usage.cancelled,
        "unfinished": usage.unfinished,
    }


def _a_second(rate: float | None) -> float | None:
    return None if rate is None else rate / 60


def _print_secret(keys: KeyRing, key: Key, secret: str, as_json: bool) -> None:
    try:
        if as_json:
            click.echo(json.dumps({**_facts(keys, key), "secret": secret}, indent=2))
            return
        click.echo(secret)
    except OutputError as error:
        raise OutputError(
            f"{error} Nobody has seen the secret; make another: windstill keys rotate {key.name}"
        ) from error
    click.echo(f"This is the secret of {key.name}; it can't be shown again.", err=True)


def _access_word(key: Key) -> str | None:
    """The public half of the key's access key pair, if that is switched on."""
    return None if key.access is None or key.access.closed_at is not None else key.access.id


def _print(facts: dict[str, Any], as_json: bool, width: int = 11) -> None:
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        click.echo(f"{name:<{width}} {_word(name, value)}")


def _word(name: str, value: object) -> str:
    if value is None:
        return _UNLIMITED if name in ("granted", "left") else "-"
    return str(value)


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]+)?)([smhd])", text.strip())
    if found is None:
        raise InvalidOption(
            f"overlap is {text!r}; allowed: a number with s, m, h or d, such as 24h.",
            field="overlap",
        )
    return float(found[1]) * _UNITS[found[2]]
