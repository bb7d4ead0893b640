"""What a job's process does: animate the uploaded photo, or prepare a preview of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windstill.errors import NothingToMove
from windstill.options import Options

if TYPE_CHECKING:
    from windstill.perceive.given import GivenMattes

SKY_MATTE = "sky_matte"
HAIR_MATTE = "hair_matte"
MATTES = (SKY_MATTE, HAIR_MATTE)
"""Further uploads of a job: the caller's own mattes, as pictures in which white moves."""

Tell = Callable[[str, float], None]


def payload(
    options: Options,
    limits: Mapping[str, Any] | None = None,
    *,
    require_motion: bool = False,
) -> dict[str, Any]:
    """The payload of an animation job, or of a preview.

    limits: keyword arguments of `windstill.photo.Limits`, fit for JSON. require_motion: fail with
    `NothingToMove` instead of making a video that stands still.
    """
    return {
        "options": options.as_dict(),
        "limits": dict(limits or {}),
        "require_motion": require_motion,
    }


def animate_photo(
    photo: Path, output: Path, payload: Mapping[str, Any], threads: int, progress: Tell
) -> dict[str, Any]:
    """Animates `photo` into a file in the folder `output`; returns the animation's facts.

    Mattes that lie beside the photo replace those that the network finds. payload: as made by
    the function of that name. Raises the errors of `windstill.errors`.
    """
    from windstill.photo import Limits
    from windstill.pipeline import animate

    options = Options.parse(payload["options"])
    animation = animate(
        photo,
        options,
        output=output / f"result.{options.format}",
        limits=Limits(**payload["limits"]),
        mattes=_given(photo),
        threads=threads,
        progress=progress,
    )
    if payload["require_motion"] and not animation.moves:
        raise NothingToMove("The photo shows no sky and no hair that could move.", field="image")
    return animation.facts()


def preview_photo(
    photo: Path, output: Path, payload: Mapping[str, Any], threads: int, progress: Tell
) -> dict[str, Any]:
    """Prepares a live preview of `photo`: its facts, its motion and, as an extra, its mattes.

    payload: as made by the function of that name. Raises the errors of `windstill.errors`.
    """
    from windstill.photo import Limits
    from windstill.preview import make_preview

    progress("mattes", 0.0)
    preview = make_preview(
        photo,
        mattes=_given(photo),
        options=Options.parse(payload["options"]),
        limits=Limits(**payload["limits"]),
        threads=threads,
    )
    motion, mattes = output / "motion.bin", output / "mattes.png"
    motion.write_bytes(preview.motion)
    mattes.write_bytes(preview.mattes_png)
    return {
        **preview.facts(),
        "path": str(motion),
        "mime": "application/octet-stream",
        "extras": {"mattes": {"path": str(mattes), "mime": "image/png"}},
    }


def _given(photo: Path) -> GivenMattes | None:
    """The caller's mattes, where there are any beside the photo."""
    sky, hair = (
        path if (path := photo.with_name(name)).exists() else None
        for name in (SKY_MATTE, HAIR_MATTE)
    )
    if sky is None and hair is None:
        return None
    from windstill.perceive.given import GivenMattes

    return GivenMattes(sky=sky, hair=hair)
