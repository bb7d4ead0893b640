"""A self-contained page that plays clips beside each other."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Clip:
    """One clip: its name, media type, and whole file."""

    name: str
    mime: str
    data: bytes


def page(clips: Sequence[Clip], *, blind: bool, seed: int = 0) -> str:
    """The page as HTML. blind: in an order drawn from `seed`, named A, B, ... until voted on."""
    order = list(clips)
    if blind:
        random.Random(seed).shuffle(order)  # noqa: S311
    held = [
        {
            # Out of sight of who happens to look at the source, no more.
            "name": base64.b64encode(clip.name.encode()).decode(),
            "mime": clip.mime,
            "data": base64.b64encode(clip.data).decode(),
        }
        for clip in order
    ]
    # No clip may end the script that it stands in.
    script = json.dumps({"blind": blind, "clips": held}).replace("<", "\\u003c")
    template = files("windstill.bench").joinpath("compare.html").read_text("utf-8")
    return template.replace("/*CLIPS*/ null", script, 1)
