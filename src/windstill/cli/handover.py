"""A photo handed to the web page at an address that works once."""

from __future__ import annotations

import io
import secrets
from urllib.parse import quote, unquote

from PIL import Image
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from windstill.photo import PhotoSource, read_photo
from windstill.photo.limits import Limits
from windstill.photo.source import read_bytes

# What browsers show.
_SHOWN = {
    "JPEG": ("jpg", "image/jpeg"),
    "PNG": ("png", "image/png"),
    "WEBP": ("webp", "image/webp"),
    "BMP": ("bmp", "image/bmp"),
    "AVIF": ("avif", "image/avif"),
}


def picture_for_page(source: PhotoSource, stem: str) -> tuple[str, bytes, str]:
    """Name, bytes and media type of a photo as a browser can show it.

    Raises the errors of `windstill.read_photo`; what browsers don't know becomes a JPEG.
    """
    data = read_bytes(source, Limits())
    photo = read_photo(data)
    if photo.format in _SHOWN:
        ending, kind = _SHOWN[photo.format]
        return f"{stem}.{ending}", data, kind
    stream = io.BytesIO()
    Image.fromarray(photo.rgb).save(stream, "JPEG", quality=95, subsampling=0)
    return f"{stem}.jpg", stream.getvalue(), "image/jpeg"


class Handover:
    """Answers one GET of `path` with the photo, and leaves everything else to `application`."""

    application: ASGIApp

    def __init__(self, name: str, body: bytes, kind: str) -> None:
        self.path = f"/preview-photo/{secrets.token_urlsafe(24)}/{quote(name)}"
        self._response: Response | None = Response(
            body,
            media_type=kind,
            headers={
                "cache-control": "no-store",
                "cross-origin-resource-policy": "same-origin",
                "x-content-type-options": "nosniff",
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        response = self._response
        asked = scope["type"] == "http" and scope["method"] == "GET"
        if response is None or not asked or scope["path"] != unquote(self.path):
            await self.application(scope, receive, send)
            return
        self._response = None
        await response(scope, receive, send)
