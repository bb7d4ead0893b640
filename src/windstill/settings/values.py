"""What a setting accepts, and how its value is shown."""

from __future__ import annotations

import re
from dataclasses import Field
from typing import Any

from windstill.errors import InvalidSetting

MASK = "********"

_PASSWORD = re.compile(r"(?<=://)([^/@?#:]*):.*@|(?<=[?&])(password=)[^&]*", re.DOTALL)


def without_password(address: str) -> str:
    """An address fit to be shown. What stands before the last @ may hide more than it should."""

    def mask(found: re.Match[str]) -> str:
        return f"{found[2]}{MASK}" if found[2] else f"{found[1]}:{MASK}@"

    return _PASSWORD.sub(mask, address)


def shown(spec: Field[Any], value: object) -> str:
    """A value fit to be shown: secrets masked, empty ones named so."""
    if spec.metadata.get("secret") and value:
        return MASK
    if "address" in spec.metadata:
        value = without_password(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value != "" else "(empty)"


def allowed(spec: Field[Any]) -> str:
    """What a setting accepts, in words."""
    if "choices" in spec.metadata:
        return " or ".join(spec.metadata["choices"])
    if isinstance(spec.default, bool):
        return "true or false"
    if "address" in spec.metadata:
        return f"empty or {spec.metadata['address'][0]}://..."
    if "hexadecimal" in spec.metadata:
        return f"empty or {spec.metadata['hexadecimal']} hexadecimal digits or more"
    if isinstance(spec.default, str):
        return "text"
    kind = "a whole number" if isinstance(spec.default, int) else "a number"
    return f"{kind} from {spec.metadata['low']} to {spec.metadata['high']}"


def checked(spec: Field[Any], value: object) -> object:
    """The value as its setting's type. Raises `InvalidSetting`, which says what is allowed."""
    if isinstance(value, str):
        value = value.strip()
    try:
        return _converted(spec, value)
    except (ValueError, OverflowError):
        hidden = spec.metadata.get("secret") or "address" in spec.metadata
        given = "not usable" if hidden else repr(value)[:60]
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
        return _text(spec, value)
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


def _text(spec: Field[Any], value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    if value and "address" in spec.metadata:
        scheme, separator, rest = value.partition("://")
        if scheme not in spec.metadata["address"] or not separator or not rest:
            raise ValueError
    if value and "hexadecimal" in spec.metadata:
        bytes.fromhex(value)
        if len(value) < spec.metadata["hexadecimal"]:
            raise ValueError
    return value


def _boolean(value: object) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError
