"""What can be asked for: options, limits and formats, for clients, pages and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from windstill.http.service import service_of
from windstill.jobs.task import MATTES, POSTERS
from windstill.options import Options, describe
from windstill.photo import Limits
from windstill.settings import Settings
from windstill.video.formats import container

PRIORITIES = {"normal": 0, "high": 1}
MAX_WAIT = 30
BESIDE: tuple[dict[str, Any], ...] = (
    {
        "name": "poster",
        "type": "str",
        "default": "none",
        "choices": ("none", *POSTERS),
        "help": "Also make a picture of the first frame, of this kind.",
    },
    {
        "name": "must_move",
        "type": "bool",
        "default": False,
        "help": "Fail with nothing_to_move instead of making a video that stands still.",
    },
)
"""What an animation can be asked for beside the options of `windstill.options`."""


def photo_limits(settings: Settings) -> Limits:
    """Which photos are accepted."""
    return Limits(max_bytes=settings.max_photo_bytes, max_pixels=settings.max_photo_pixels)


def allowed_in(field: str | None) -> object:
    """What an option may be: its choices, or its bounds and words; None for any other field."""
    if field == "priority":
        return list(PRIORITIES)
    for option in (*describe(), *BESIDE):
        if option["name"] == field:
            return _rule(option)
    return None


def _rule(option: Mapping[str, Any]) -> object:
    if "choices" in option:
        return list(option["choices"])
    if option["type"] == "bool":
        return [True, False]
    bounds = {"minimum": option["low"], "maximum": option["high"]}
    return {**bounds, "words": list(option["words"])} if "words" in option else bounds


async def options(request: Request) -> Response:
    """`GET`: every option with its rule, the limits of uploads, and the formats of results."""
    settings = service_of(request).settings
    limits = photo_limits(settings)
    return JSONResponse(
        {
            "options": [
                {
                    "name": option["name"],
                    "type": option["type"],
                    "default": option["default"],
                    "allowed": _rule(option),
                    "help": option["help"],
                }
                for option in (*describe(), *BESIDE)
            ],
            "limits": {
                "image": {
                    "bytes": limits.max_bytes,
                    "min_side": limits.min_side,
                    "max_side": limits.max_side,
                    "pixels": limits.max_pixels,
                    "formats": list(limits.formats),
                },
                **{
                    name: {"bytes": limits.max_bytes, "pixels": limits.max_pixels}
                    for name in MATTES
                },
                "wait_seconds": MAX_WAIT,
            },
            "formats": {
                name: {"mime": container(name).mime, "max_side": container(name).max_side}
                for name in Options.__dataclass_fields__["format"].metadata["choices"]
            },
            "credits": settings.credits_per_success,
            "result_seconds": settings.result_seconds,
            "webhooks": settings.webhooks,
            "image_url": settings.image_urls,
        }
    )
