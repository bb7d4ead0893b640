"""A loop for web pages: the photo, its motion, and the script that plays it.

The formats `html`, one page with everything in it, and `web`, the files for a page of one's own: as
a folder, or zipped where one file is wanted.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

from PIL import Image

from windstill.options import Options, Quality
from windstill.perceive.mattes import Mattes
from windstill.photo import Photo
from windstill.render import Stage
from windstill.web.bundle import NAME, bundle
from windstill.web.motion import add_mattes, pack_motion

LIMIT = 150_000
"""Bytes of motion that a picture of up to 1,024 pixels may take; a larger one by its area."""
_LIMIT_SIDE = 1024
_JPEG: dict[Quality, tuple[int, int]] = {"small": (85, 2), "normal": (95, 0), "best": (98, 0)}
"""Quality and subsampling of the photo. Of six, hair of the worst differs by 42.6 dB (PSNR) at 95,
41.5 with its colours subsampled, and 39.9 at 92."""
_STYLE = "html{height:100%}body{margin:0;min-height:100%;display:grid;place-items:center}"


@dataclass(frozen=True)
class WebLoop:
    """A photo as a JPEG and its motion package. width, height: pixels. alt: the photo in words."""

    photo: bytes
    motion: bytes
    width: int
    height: int
    alt: str

    def page(self, title: str) -> bytes:
        """One HTML file with everything in it, which may load nothing else."""
        script = bundle().replace("</", "<\\/")
        return self._filled(
            "page.html",
            title,
            photo=_data(self.photo, "image/jpeg"),
            motion=_data(self.motion, "application/octet-stream"),
            script=script,
            script_hash=_hash(script),
            style=_STYLE,
            style_hash=_hash(_STYLE),
        )

    def files(self, title: str) -> dict[str, bytes]:
        """The files of a folder by name. `photo.loop.js` has photo and motion once more, for pages
        that are opened from a disk.
        """
        photo = _data(self.photo, "image/jpeg")
        motion = _data(self.motion, "application/octet-stream")
        script = (
            "(globalThis.windstillLoops ??= new Map())"
            f'.set(document.currentScript.src, {{photo: "{photo}", motion: "{motion}"}});\n'
        )
        return {
            "index.html": self._filled("folder.html", title),
            "photo.jpg": self.photo,
            "photo.loop": self.motion,
            "photo.loop.js": script.encode(),
            NAME: bundle().encode(),
        }

    def archive(self, title: str) -> bytes:
        """The files as a zip, the same bytes every time."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, data in self.files(title).items():
                # What is compressed already gains nothing.
                packed = name in ("photo.jpg", "photo.loop")
                kind = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                archive.writestr(zipfile.ZipInfo(name), data, compress_type=kind)
        return stream.getvalue()

    def _filled(self, template: str, title: str, **parts: str) -> bytes:
        text = files("windstill.web").joinpath(template).read_text(encoding="utf-8")
        size = {"width": str(self.width), "height": str(self.height)}
        words = {"title": escape(title), "alt": escape(self.alt)}
        return Template(text).substitute(words, **size, **parts).encode()


def web_loop(
    still: Photo, found: Mattes, stage: Stage, options: Options, photo: bytes | None = None
) -> WebLoop:
    """The loop of a photo whose mattes are `found` and whose layers are `stage`'s.

    photo: `still` as a JPEG, if there is one.
    """
    package = pack_motion(still, found, stage, options, (options.strength,))
    add_mattes(package, found)
    side = max(still.width, still.height)
    motion = package.finish(round(LIMIT * max(side / _LIMIT_SIDE, 1) ** 2))
    picture = photo or _jpeg(still, options)
    return WebLoop(picture, motion, still.width, still.height, _alt(stage))


def _alt(stage: Stage) -> str:
    """What can be said of a picture that was not looked at."""
    words = {"sky": "a drifting sky", "hair": "swaying hair"}
    moving = [words[each.element] for each in stage.movements if each.motion != "none"]
    return " with ".join(["A photo", *([" and ".join(moving)] if moving else [])])


def _jpeg(still: Photo, options: Options) -> bytes:
    quality, subsampling = _JPEG[options.quality]
    stream = io.BytesIO()
    picture = Image.fromarray(still.rgb)
    picture.save(stream, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
    return stream.getvalue()


def _data(data: bytes, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
