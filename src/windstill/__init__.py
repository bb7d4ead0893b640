"""Windstill: a still photo in, a seamlessly looping video of its sky and hair out.

    import windstill

    loop = windstill.animate("photo.jpg", windstill.Options(strength="calm"), output="loop.mp4")
    mattes = windstill.mattes("photo.jpg")
    for frame in windstill.frames("photo.jpg"):
        ...

Importing this package is instant; the libraries that do the work are loaded on first use.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version
from typing import TYPE_CHECKING

from windstill import errors
from windstill.errors import WindstillError
from windstill.options import Options

if TYPE_CHECKING:
    from windstill.animation import Animation
    from windstill.client import AsyncClient, Client
    from windstill.elements.base import Movement, Notice
    from windstill.perceive.given import GivenMattes
    from windstill.perceive.mattes import Mattes
    from windstill.photo import Limits, Photo, read_photo
    from windstill.pipeline import animate, frames, mattes, mattes_from

try:
    __version__ = _version("windstill")
except PackageNotFoundError:  # running from a tree that was never installed
    __version__ = "0"

_LAZY = {
    "Animation": "windstill.animation",
    "AsyncClient": "windstill.client",
    "Client": "windstill.client",
    "GivenMattes": "windstill.perceive.given",
    "Limits": "windstill.photo",
    "Mattes": "windstill.perceive.mattes",
    "Movement": "windstill.elements.base",
    "Notice": "windstill.elements.base",
    "Photo": "windstill.photo",
    "animate": "windstill.pipeline",
    "frames": "windstill.pipeline",
    "mattes": "windstill.pipeline",
    "mattes_from": "windstill.pipeline",
    "read_photo": "windstill.photo",
}

__all__ = [
    "Animation",
    "AsyncClient",
    "Client",
    "GivenMattes",
    "Limits",
    "Mattes",
    "Movement",
    "Notice",
    "Options",
    "Photo",
    "WindstillError",
    "__version__",
    "animate",
    "errors",
    "frames",
    "mattes",
    "mattes_from",
    "read_photo",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
