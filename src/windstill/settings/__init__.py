"""What an operator can set, and reading it."""

from windstill.settings.loading import (
    CONFIG_NAME,
    CONFIG_VARIABLE,
    PREFIX,
    Configuration,
    load,
)
from windstill.settings.reference import describe, reference
from windstill.settings.table import (
    AcsApi,
    CompatibleFormat,
    LogFormat,
    LogLevel,
    NothingToMove,
    Settings,
    StatusProfile,
)
from windstill.settings.values import without_password

__all__ = [
    "CONFIG_NAME",
    "CONFIG_VARIABLE",
    "PREFIX",
    "AcsApi",
    "CompatibleFormat",
    "Configuration",
    "LogFormat",
    "LogLevel",
    "NothingToMove",
    "Settings",
    "StatusProfile",
    "describe",
    "load",
    "reference",
    "without_password",
]
