"""Reading settings from defaults, a file, the environment and flags."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from windstill.errors import InvalidSetting
from windstill.settings.table import Settings
from windstill.settings.values import shown

PREFIX = "WINDSTILL_"
CONFIG_VARIABLE = "WINDSTILL_CONFIG"
CONFIG_NAME = "windstill.toml"


@dataclass(frozen=True)
class Configuration:
    """Settings, and where each value came from."""

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, value fit to be shown (secrets masked), and origin of every setting."""
        return [
            (spec.name, shown(spec, getattr(self.settings, spec.name)), self.origins[spec.name])
            for spec in fields(Settings)
        ]


def load(
    flags: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    file: str | Path | None = None,
) -> Configuration:
    """Settings from every source.

    flags: values given on the command line; None means not given. environ: os.environ unless
    told. file: a TOML file that must exist; without it the one named by WINDSTILL_CONFIG, or
    windstill.toml in the data folder when there is one.

    Raises `InvalidSetting`, which names the setting, its source and what is allowed.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    variables = _from_environment(environ)
    path = _config_path(file, environ, given, variables)
    stored = {} if path is None else _from_file(path)

    values: dict[str, object] = {}
    origins = {spec.name: "default" for spec in fields(Settings)}
    sources: tuple[tuple[Mapping[str, object], Callable[[str], str]], ...] = (
        (stored, lambda name: f"file {path}"),
        (variables, lambda name: f"environment {PREFIX}{name.upper()}"),
        (given, lambda name: f"flag --{name.replace('_', '-')}"),
    )
    for source, origin in sources:
        for name, value in source.items():
            values[name], origins[name] = value, origin(name)
    try:
        settings = Settings(**values)  # type: ignore[arg-type]
    except InvalidSetting as error:
        origin_of_fault = origins[error.field or ""]
        raise InvalidSetting(f"{error.message} ({origin_of_fault})", field=error.field) from None
    return Configuration(settings, origins, path)


def _config_path(
    file: str | Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
    variables: Mapping[str, str],
) -> Path | None:
    named = file or environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    data = flags.get("data") or variables.get("data") or Settings.data
    beside = Path(str(data)).expanduser() / CONFIG_NAME
    return beside if beside.is_file() else None


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    names = {f"{PREFIX}{spec.name.upper()}": spec.name for spec in fields(Settings)}
    return {names[variable]: value for variable, value in environ.items() if variable in names}


def _from_file(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as stream:
            values = tomllib.load(stream)
    except OSError as error:
        raise InvalidSetting(f"{path} can't be read: {error.strerror}.", field="config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{path} is not valid TOML: {error}.", field="config") from error
    known = {spec.name for spec in fields(Settings)}
    for name in values:
        if name not in known:
            raise InvalidSetting(
                f"{path} sets {name!r}, which is no setting; `windstill config show` lists them.",
                field="config",
            )
    return values
