"""The scripts of `player/` as one: `windstill-loop.js`, which defines the element.

Modules can't be loaded from a disk or by one address of a CDN; a plain script can. Each module
becomes a function that gives back what it exports. What is understood of JavaScript is what these
modules use: imports and exports that begin a line, of names declared there.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

NAME = "windstill-loop.js"
_ENTRY = "element"
_IMPORT = re.compile(
    r'^import (?:\* as (?P<all>\w+)|\{(?P<names>[^}]*)\}) from "\./(?P<module>\w+)\.js";\n', re.M
)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:class|function|const) (?P<name>\w+))", re.M)
_COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/[ \t]*|//[^\n]*)\n", re.M | re.S)
_SPACE = re.compile(r"^[ \t]+|\n(?=\n)", re.M)


@cache
def bundle() -> str:
    """The text of `windstill-loop.js`, without comments."""
    parts = [_function(module) for module in _order(_ENTRY)]
    head = "/*! windstill-loop; Apache-2.0 */\n"
    return head + '(() => {\n"use strict";\n' + "".join(parts) + "})();\n"


def _order(module: str) -> list[str]:
    """A module and all that it needs, each after what it needs itself."""
    found: list[str] = []
    for needed in _IMPORT.finditer(_source(module)):
        found += [name for name in _order(needed["module"]) if name not in found]
    return [*found, module]


def _function(module: str) -> str:
    source = _source(module)
    exported = ", ".join(match["name"] for match in _EXPORT.finditer(source))
    text = _EXPORT.sub("", _IMPORT.sub(_binding, source))
    text = _SPACE.sub("", _COMMENT.sub("", text))
    return f"const ${module} = (() => {{\n{text}return {{ {exported} }};\n}})();\n"


def _binding(found: re.Match[str]) -> str:
    names = found["all"] or f"{{{found['names'].replace(' as ', ': ')}}}"
    return f"const {names} = ${found['module']};\n"


def _source(module: str) -> str:
    return files("windstill.web").joinpath("player", f"{module}.js").read_text(encoding="utf-8")
