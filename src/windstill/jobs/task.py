"""What a job's process does: animate the uploaded photo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from windstill.errors import NothingToMove
from windstill.options import Options


def payload(
    options: Options,
    limits: Mapping[str, Any] | None = None,
    *,
    require_motion: bool = False,
) -> dict[str, Any]:
    """The payload of an animation job.

    limits: keyword arguments of `windstill.photo.Limits`, fit for JSON. require_motion: fail with
    `NothingToMove` instead of making a video that stands still.
    """
    return {
        "options": options.as_dict(),
        "limits": dict(limits or {}),
        "require_motion": require_motion,
    }


def animate_photo(
    photo: Path,
    output: Path,
    payload: Mapping[str, Any],
    threads: int,
    progress: Callable[[str, float], None],
) -> dict[str, Any]:
    """Animates `photo` into a file in the folder `output`; returns the animation's facts.

    payload: as made by the function of that name. Raises the errors of `windstill.errors`.
    """
    from windstill.photo import Limits
    from windstill.pipeline import animate

    options = Options.parse(payload["options"])
    animation = animate(
        photo,
        options,
        output=output / f"result.{options.format}",
        limits=Limits(**payload["limits"]),
        threads=threads,
        progress=progress,
    )
    if payload["require_motion"] and not animation.moves:
        raise NothingToMove("The photo shows no sky and no hair that could move.", field="image")
    return animation.facts()
