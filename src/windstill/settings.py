"""What an operator can set: one table, read from defaults, a file, the environment and flags.

Each field of `Settings` is one setting. Its environment variable is the name in capitals behind
`WINDSTILL_`; in the TOML file and on the command line it has its own name. Later sources win:
default, file, environment, flag. The operator's reference is generated from this table.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from windstill.errors import InvalidSetting

PREFIX = "WINDSTILL_"
CONFIG_VARIABLE = "WINDSTILL_CONFIG"
CONFIG_NAME = "windstill.toml"

StatusProfile = Literal["current", "2025"]
NothingToMove = Literal["still", "refuse"]
CompatibleFormat = Literal["mp4", "avi"]
LogFormat = Literal["json", "text"]
LogLevel = Literal["debug", "info", "warning", "error"]

_DAY = 24 * 3600


def _setting(group: str, default: Any, help: str, **rule: Any) -> Any:
    return field(default=default, metadata={"group": group, "help": help, **rule})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting of the service; creating it checks each one.

    Raises `InvalidSetting`, which names the setting and what is allowed.
    """

    host: str = _setting("server", "127.0.0.1", "Address to listen on; 0.0.0.0 is every network.")
    port: int = _setting(
        "server", 8080, "Port to listen on; 0 takes a free one.", low=0, high=65535
    )
    data: str = _setting("server", "data", "Folder of keys, jobs and results.")
    public_url: str = _setting(
        "server",
        "",
        "Address that clients reach the service at, such as https://loops.example.org; result "
        "links begin with it. Empty: the host that the request itself named.",
    )
    trusted_proxies: str = _setting(
        "server",
        "",
        "Addresses of reverse proxies, with commas between, whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed.",
    )
    cors_origins: str = _setting(
        "server", "*", "Web origins that may call from a browser, with commas between; * is any."
    )
    metrics: bool = _setting("server", True, "Serve Prometheus metrics at /metrics.")
    log_format: LogFormat = _setting(
        "server", "json", "Form of the log on standard error.", choices=get_args(LogFormat)
    )
    log_level: LogLevel = _setting(
        "server", "info", "Least weight of what is logged.", choices=get_args(LogLevel)
    )
    drain_seconds: float = _setting(
        "server", 30.0, "How long running requests may finish after SIGTERM.", low=0, high=600
    )
    drain_delay: float = _setting(
        "server",
        0.0,
        "How long new connections are still taken after SIGTERM, with /readyz at 503, so that "
        "a load balancer can notice.",
        low=0,
        high=120,
    )

    status_profile: StatusProfile = _setting(
        "compatible API",
        "current",
        "HTTP statuses of the error codes: as the vendor documents them now, or as in 2025.",
        choices=get_args(StatusProfile),
    )
    nothing_to_move: NothingToMove = _setting(
        "compatible API",
        "still",
        "A photo without anything to move: answer with a still loop and a warning, or refuse.",
        choices=get_args(NothingToMove),
    )
    format: CompatibleFormat = _setting(
        "compatible API", "mp4", "Container of the results.", choices=get_args(CompatibleFormat)
    )
    seconds: float = _setting("compatible API", 4.0, "Length of one loop.", low=2, high=12)
    fps: int = _setting("compatible API", 24, "Frames per second.", low=8, high=60)
    strength: Literal["calm", "normal", "windy"] = _setting(
        "compatible API", "normal", "How strong the wind is.", choices=("calm", "normal", "windy")
    )
    answer_seconds: float = _setting(
        "compatible API",
        60.0,
        "How long a request waits for its result before it is answered with a timeout.",
        low=1,
        high=600,
    )

    result_seconds: int = _setting(
        "results", _DAY, "How long the link to a result works.", low=1, high=30 * _DAY
    )

    max_body_bytes: int = _setting(
        "uploads",
        8 * 2**20,
        "Largest request body that is read at all.",
        low=4 * 2**20,
        high=256 * 2**20,
    )
    max_parts: int = _setting("uploads", 32, "Most parts in one multipart body.", low=2, high=1000)
    max_uploads: int = _setting(
        "uploads",
        64,
        "Most request bodies read at the same time; each takes up to 3 MiB of memory.",
        low=1,
        high=4096,
    )
    upload_seconds: float = _setting(
        "uploads", 60.0, "How long a request body may take to arrive.", low=1, high=600
    )
    header_seconds: float = _setting(
        "uploads", 15.0, "How long the head of a request may take to arrive.", low=1, high=120
    )

    max_photo_bytes: int = _setting(
        "native API", 2**25, "Largest file of a photo or a matte.", low=2**20, high=2**28
    )
    max_photo_pixels: int = _setting(
        "native API", 64_000_000, "Most pixels of a photo.", low=1_000_000, high=200_000_000
    )
    finish_seconds: float = _setting(
        "native API",
        600.0,
        "How long an animation may wait and run before it is failed.",
        low=10,
        high=24 * 3600,
    )

    image_urls: bool = _setting(
        "native API", False, "Fetch photos from addresses that clients name, as image_url."
    )
    webhooks: bool = _setting(
        "native API", False, "Tell addresses that clients name when their animations have ended."
    )
    reachable_networks: str = _setting(
        "native API",
        "",
        "Networks that image_url and webhooks may reach beside the public internet, such as "
        "10.1.0.0/16, with commas between.",
    )

    credits_per_success: int = _setting(
        "keys", 15, "Credits that one success costs; failures cost none.", low=0, high=1_000_000
    )
    rate_limit: int = _setting(
        "keys",
        0,
        "Jobs a minute that a key without a limit of its own may start; 0 is any number.",
        low=0,
        high=1_000_000,
    )
    rate_burst: int = _setting(
        "keys", 10, "Jobs that a key may start at once before its rate counts.", low=1, high=10_000
    )
    job_limit: int = _setting(
        "keys",
        0,
        "Unfinished jobs that a key without a limit of its own may have; 0 is any number.",
        low=0,
        high=10_000,
    )

    slots: int = _setting(
        "jobs", 0, "Jobs that run at the same time; 0 is one for each usable CPU.", low=0, high=256
    )
    queue_length: int = _setting(
        "jobs", 8, "Jobs that may wait for a slot; more are refused at once.", low=1, high=10_000
    )
    job_seconds: float = _setting(
        "jobs", 60.0, "Longest time that one job may run.", low=5, high=3600
    )
    job_memory_mb: int = _setting(
        "jobs", 3072, "Most memory that one job may take, in MiB.", low=256, high=65536
    )

    def __post_init__(self) -> None:
        for spec in fields(self):
            object.__setattr__(self, spec.name, _checked(spec, getattr(self, spec.name)))

    @property
    def data_folder(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.data).expanduser().absolute()


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


def describe() -> list[dict[str, object]]:
    """Name, group, default, help and rule of every setting, in order; for flags and docs."""
    return [
        {
            "name": spec.name,
            "variable": f"{PREFIX}{spec.name.upper()}",
            "type": type(spec.default).__name__,
            "default": spec.default,
            "allowed": allowed(spec),
            **spec.metadata,
        }
        for spec in fields(Settings)
    ]


def reference() -> str:
    """The operator's reference of all settings, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Each setting can be given in a TOML file, in the environment, and as a flag of",
        "`windstill serve`; later ones win. The file is the one named by `--config` or",
        f"`{CONFIG_VARIABLE}`, or `{CONFIG_NAME}` in the data folder. A name in the file is the",
        "one below; the flag has hyphens instead of underscores. `windstill config show` tells",
        "every value and where it came from.",
    ]
    group = None
    for row in describe():
        if row["group"] != group:
            group = row["group"]
            lines += ["", f"## {str(group)[0].upper()}{str(group)[1:]}", ""]
            lines += ["| setting | default | allowed | meaning |", "| --- | --- | --- | --- |"]
        default = str(row["default"]).lower() if row["type"] == "bool" else row["default"]
        shown_default = f"`{default}`" if default != "" else "empty"
        meaning = f"{row['help']} `{row['variable']}`"
        lines.append(f"| `{row['name']}` | {shown_default} | {row['allowed']} | {meaning} |")
    return "\n".join(lines) + "\n"


def shown(spec: Field[Any], value: object) -> str:
    """A value fit to be shown: secrets masked, empty ones named so."""
    if spec.metadata.get("secret") and value:
        return "********"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value != "" else "(empty)"


def allowed(spec: Field[Any]) -> str:
    """What a setting accepts, in words."""
    if "choices" in spec.metadata:
        return " or ".join(spec.metadata["choices"])
    if isinstance(spec.default, bool):
        return "true or false"
    if isinstance(spec.default, str):
        return "text"
    kind = "a whole number" if isinstance(spec.default, int) else "a number"
    return f"{kind} from {spec.metadata['low']} to {spec.metadata['high']}"


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


def _checked(spec: Field[Any], value: object) -> object:
    if isinstance(value, str):
        value = value.strip()
    try:
        return _converted(spec, value)
    except (ValueError, OverflowError):
        given = "given" if spec.metadata.get("secret") else repr(value)[:60]
        raise InvalidSetting(
            f"{spec.name} is {given}; allowed: {allowed(spec)}.", field=spec.name
        ) from None


def _converted(spec: Field[Any], value: object) -> object:
    if "choices" in spec.metadata:
        if str(value) not in spec.metadata["choices"]:
            raise ValueError
        return str(value)
    if isinstance(spec.default, bool):
        return _boolean(value)
    if isinstance(spec.default, str):
        if not isinstance(value, str):
            raise ValueError
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError
    number = float(value)
    if isinstance(spec.default, int):
        if number != int(number):
            raise ValueError
        number = int(number)
    if not spec.metadata["low"] <= number <= spec.metadata["high"]:
        raise ValueError
    return number


def _boolean(value: object) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError
