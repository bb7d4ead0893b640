"""What is said about a finished animation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from windstill.errors import WindstillError

if TYPE_CHECKING:
    from windstill.animation import Animation
    from windstill.elements.base import Movement, Notice
    from windstill.options import Options

_VERBS = {"drift": "drifts", "sway": "sways", "procedural": "drifts (a faint veil)"}


def sentence(photo: str, output: str, animation: Animation, options: Options) -> str:
    """One line for people."""
    spent = sum(animation.timings.values())
    return (
        f"{photo} -> {output}: {_what_moved(animation)}; wind {options.strength}; "
        f"{animation.width}x{animation.height}, {animation.frames} frames, "
        f"{animation.seconds:g} s; took {spent:.1f} s"
    )


def as_json(photo: str, output: str, animation: Animation, options: Options) -> str:
    """One line for programs."""
    facts = {"photo": photo, **animation.facts(), "options": options.as_dict()}
    return json.dumps({**facts, "path": output})


def error_as_json(photo: str, error: WindstillError) -> str:
    """One line for programs about a photo that failed."""
    told = {"code": error.code, "field": error.field, "message": str(error)}
    return json.dumps({"photo": photo, "error": told})


def worth_telling(animation: Animation, options: Options) -> list[Notice]:
    """The warnings without those that an element is absent which nobody asked for by name."""
    if options.operation != "auto" or not animation.moves:
        return list(animation.warnings)
    return [notice for notice in animation.warnings if not notice.code.startswith("no_")]


def _what_moved(animation: Animation) -> str:
    if not animation.moves:
        return "nothing moves"
    return ", ".join(_phrase(movement) for movement in animation.moved if movement.share > 0)


def _phrase(movement: Movement) -> str:
    verb = _VERBS.get(movement.motion, "stands still")
    return f"{movement.element} {verb} ({movement.share:.1%} of the frame)"
