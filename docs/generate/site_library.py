"""The reference of the library and the client, made from their signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import windstill
from windstill import client


def page() -> str:
    """Every public name of the package but the client's."""
    names = [name for name in windstill.__all__ if name not in client.__all__]
    # What one comes for stands first: the functions.
    names.sort(key=lambda name: not inspect.isfunction(getattr(windstill, name)))
    head = (
        "# Python library\n\n"
        "A photo is a path, bytes, a binary file, a PIL image, or a uint8 RGB array (H, W, 3). "
        "Importing the package is instant; what does the work is loaded on first use. "
        "All errors are in [one tree](errors.md).\n"
    )
    return "\n".join([head, *_names(windstill, names)])


def client_page() -> str:
    """Every public name of the client."""
    head = (
        "# Python client\n\n"
        "It speaks to a service, from any machine. It needs the extra `client`. Start with "
        "[a first API call](../tutorials/api.md).\n"
    )
    return "\n".join([head, *_names(client, client.__all__)])


def _names(module: Any, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            yield _entry(f"windstill.{name}" if hasattr(windstill, name) else name, value, 2)
        if inspect.isclass(value):
            for own, member in _members(value):
                yield _entry(f"{name}.{own}", member, 3)


def prose(text: str) -> str:
    """A help text or docstring as Markdown; what is set as it is stays so."""
    parts = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        first, *rest = paragraph.splitlines() or [""]
        if first.strip() == "\b":
            parts.append(_block("\n".join(rest)))
        elif first.startswith("    "):
            parts.append(_block(paragraph))
        elif paragraph.strip():
            parts.append(f"{escaped(paragraph)}\n")
    return "\n".join(parts)


def escaped(text: str) -> str:
    """Text in which nothing but `code` is markup."""
    pieces = text.split("`")
    for index in range(0, len(pieces), 2):
        for sign in "\\*_[":
            pieces[index] = pieces[index].replace(sign, f"\\{sign}")
        pieces[index] = pieces[index].replace("<", "&lt;")
    return "`".join(pieces)


def _entry(name: str, value: Any, level: int) -> str:
    text = inspect.getdoc(value) or ""
    said = _named(prose(text), value)
    parts = [f"{'#' * level} {name}\n", _block(_signature(name, value)), said]
    return "\n".join(part for part in parts if part)


def _named(text: str, value: Any) -> str:
    """The text with the names of parameters where they are explained made to stand out."""
    if isinstance(value, property) or (inspect.isclass(value) and issubclass(value, Exception)):
        return text
    names = "|".join(re.escape(escaped(name)) for name in inspect.signature(value).parameters)
    known = re.compile(rf"(?:^|(?<=\. )|(?<=; ))({names}):(?= |$)", re.M)
    return known.sub(lambda found: f"**{found[1]}**:", text)


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(kind).items():
        function = getattr(member, "__func__", member)
        known = inspect.isfunction(function) or isinstance(function, property)
        if known and not name.startswith("_"):
            yield name, function


def _signature(name: str, value: Any) -> str:
    # Annotations are strings here; their quotes tell nobody anything.
    return re.sub(r"(: |-> )'([^']+)'", r"\1\2", _written(name, value))


def _written(name: str, value: Any) -> str:
    if isinstance(value, property) or (inspect.isclass(value) and issubclass(value, Exception)):
        return name
    signature = inspect.signature(value)
    line = f"{name}{signature}"
    if len(line) <= 90:
        return line
    shown = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "    *," not in shown:
            shown.append("    *,")
        shown.append(f"    {parameter},")
    answer = signature.return_annotation
    end = "" if answer in (signature.empty, "None", None) else f" -> {answer}"
    return "\n".join([f"{name}(", *shown, f"){end}"])


def _block(text: str) -> str:
    return f"```text\n{inspect.cleandoc(text)}\n```\n"
