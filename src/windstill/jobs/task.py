"""What a job's process does with the uploaded photo: animate, preview, or find the mattes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windstill.errors import NothingToMove
from windstill.options import Options

if TYPE_CHECKING:
    from windstill.perceive.given import GivenMattes
    from windstill.photo import Limits

SKY_MATTE = "sky_matte"
HAIR_MATTE = "hair_matte"
MATTES = (SKY_MATTE, HAIR_MATTE)
"""Further uploads of a job: the caller's own mattes, as pictures in which white moves."""
POSTERS = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
"""Kinds of posters, and their types."""
MATTE_SIDE = 4096
"""Longest side of mattes that are given out: no animation is larger."""

SHOWN_SIDE = 2048
"""Longest side of a photo that is given out to be shown."""
_NOT_EVERYWHERE = ("HEIC", "AVIF", "BMP")
"""Kinds of photos that some browser, or some of their variants none, decodes."""
_HEAD = 4096
"""Bytes that tell what kind a file is."""

_WARM_SIDE = 192
"""Pixels of a picture's side that is as good as any to bring the networks into the caches."""

Tell = Callable[[str, float], None]


def payload(
    options: Options,
    limits: Mapping[str, Any] | None = None,
    *,
    require_motion: bool = False,
    poster: str | None = None,
) -> dict[str, Any]:
    """The payload of an animation job, or of a preview.

    limits: keyword arguments of `windstill.photo.Limits`, fit for JSON. require_motion: fail with
    `NothingToMove` instead of making a video that stands still. poster: also make a picture of
    the first frame, of this kind.
    """
    return {
        "options": options.as_dict(),
        "limits": dict(limits or {}),
        "require_motion": require_motion,
        **({} if poster is None else {"poster": poster}),
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
    from windstill.video.formats import container

    options = Options.parse(payload["options"])
    kind = payload.get("poster")
    poster = None if kind is None else output / f"poster.{kind}"
    try:
        animation = animate(
            photo,
            options,
            output=output / f"loop{container(options.format).extension}",
            poster=poster,
            limits=Limits(**payload["limits"]),
            mattes=_given(photo),
            must_move=payload["require_motion"],
            threads=threads,
            progress=progress,
        )
    except NothingToMove as error:
        raise NothingToMove(error.message, field="image") from None
    facts = animation.facts()
    # Where it lies is told by the extra, and matters to nobody else.
    del facts["poster"]
    if poster is None:
        return facts
    return facts | {"extras": {"poster": {"path": str(poster), "mime": POSTERS[str(kind)]}}}


def warm_up(threads: int) -> None:
    """Loads what every job with so many threads needs, and runs it once on nothing in particular:
    the networks, and the encoder. Afterwards this process has threads of its own.
    """
    import numpy as np

    from windstill.perceive.network import infer, look_at_head
    from windstill.video import x264

    grey = np.full((_WARM_SIDE, _WARM_SIDE, 3), 128, np.uint8)
    infer(grey, long_side=_WARM_SIDE, threads=threads)
    look_at_head(grey, long_side=_WARM_SIDE, threads=threads)
    with suppress(x264.Unavailable):
        x264.library()


def preview_photo(
    photo: Path, output: Path, payload: Mapping[str, Any], threads: int, progress: Tell
) -> dict[str, Any]:
    """Prepares a live preview of `photo`: its facts, its motion and, as extras, its mattes, and the
    photo itself where browsers may not show its kind.

    payload: as made by the function of that name. Raises the errors of `windstill.errors`.
    """
    from windstill.photo import Limits
    from windstill.preview import make_preview

    limits = Limits(**payload["limits"])
    progress("mattes", 0.0)
    preview = make_preview(
        photo,
        mattes=_given(photo),
        options=Options.parse(payload["options"]),
        limits=limits,
        threads=threads,
    )
    motion, mattes = output / "motion.bin", output / "mattes.png"
    motion.write_bytes(preview.motion)
    mattes.write_bytes(preview.mattes_png)
    return {
        **preview.facts(),
        "path": str(motion),
        "mime": "application/octet-stream",
        "extras": {
            "mattes": {"path": str(mattes), "mime": "image/png"},
            **_shown(photo, output / "photo.jpg", limits),
        },
    }


def _shown(photo: Path, target: Path, limits: Limits) -> dict[str, dict[str, str]]:
    """A JPEG of a photo of a kind that not every browser decodes, as an extra."""
    from windstill.photo import read_photo
    from windstill.photo.signature import identify

    with photo.open("rb") as file:
        if identify(file.read(_HEAD)) not in _NOT_EVERYWHERE:
            return {}
    from PIL import Image

    picture = read_photo(photo, limits).fit(SHOWN_SIDE)
    Image.fromarray(picture.rgb).save(target, "JPEG", quality=90, subsampling=0)
    return {"photo": {"path": str(target), "mime": "image/jpeg"}}


def find_mattes(
    photo: Path, output: Path, payload: Mapping[str, Any], threads: int, progress: Tell
) -> dict[str, Any]:
    """Finds sky and hair in `photo`, at its own size: one grey picture of each.

    payload: as made by the function of that name. Raises the errors of `windstill.errors`.
    """
    import numpy as np
    from PIL import Image

    from windstill.photo import Limits, read_photo
    from windstill.pipeline import perceived

    progress("photo", 0.0)
    whole = read_photo(photo, Limits(**payload["limits"]))
    progress("mattes", 0.0)
    still, found = perceived(whole, Options(max_side=MATTE_SIDE), _given(photo), threads)
    files = {}
    for name in ("sky", "hair"):
        path = output / f"{name}.png"
        levels = np.rint(getattr(found, name) * 255).astype(np.uint8)
        Image.fromarray(levels).save(path, compress_level=4)
        files[name] = {"path": str(path), "mime": "image/png"}
    shares = {"sky": found.sky, "hair": found.hair, "faces": found.face}
    return {
        "width": still.width,
        "height": still.height,
        "photo_width": whole.width,
        "photo_height": whole.height,
        "found": {name: round(float(matte.mean()), 4) for name, matte in shares.items()},
        **files["sky"],
        "extras": {"hair": files["hair"]},
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
