"""What clients most often get wrong, and the words that put it right."""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.requests import Request

from windstill.http.refusals import Reason, RequestRefused

# What programs call a photo; a name in brackets is how PHP and Rails send lists.
_IMAGE_NAMES = {
    "file", "files", "photo", "photos", "picture", "img", "images", "image_file", "imagefile",
    "upload", "data", "media", "binary", "input", "source", "body",
}  # fmt: skip
_ELSEWHERE = ("authorization", "x-api-key", "api-key", "apikey", "x-auth-token")
_IN_ADDRESS = ("key", "api_key", "apikey", "api-key", "token", "access_token")


def meant_name(sent: str, known: Collection[str]) -> str | None:
    """The field that a client means by a name that is none: another case, or another word."""
    plain = re.sub(r"\[\w*\]$", "", sent.strip().lower())
    spelled = plain.replace("-", "_")
    found = next((name for name in (plain, spelled) if name in known), None)
    if found is None and plain in _IMAGE_NAMES and "image" in known:
        return "image"
    return found


def missing_image(unknown: str | None) -> str:
    """What is said of a form without a photo. unknown: a part that it has instead, if any."""
    if unknown is not None and meant_name(unknown, ("image",)):
        return f"image is missing: you sent {unknown!r}; the field is image."
    return "image is missing: send the photo as a file."


def unknown_field(sent: str, known: Collection[str]) -> str:
    """What is said of a field that there is not."""
    meant = meant_name(sent, known)
    if meant is not None:
        return f"You sent {sent!r}; the field is {meant}."
    return f"There is no field {sent!r}; allowed are {', '.join(known)}."


def other_body(kind: str, wanted: str) -> str:
    """What is said of a body of the media type `kind` where a form belongs."""
    if kind.startswith("image/") or kind == "application/octet-stream":
        return (
            f"The body must be multipart/form-data; it is {kind}. Send the photo not as the body "
            f"itself but in a form with {wanted}."
        )
    if kind == "application/json":
        return (
            "The body must be multipart/form-data; it is application/json. Send the photo's bytes, "
            f"not a text that stands for them, in a form with {wanted}."
        )
    return f"The body must be multipart/form-data; it is {kind}."


def check_not_compressed(request: Request) -> None:
    """Raises `RequestRefused` for a body that is compressed; photos hardly get smaller by it."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        known = coding if re.fullmatch(r"[a-z0-9, -]{1,40}", coding) else "something else"
        raise RequestRefused(
            Reason.BROKEN_BODY,
            f"The body is compressed (Content-Encoding: {known}); send it uncompressed.",
        )


def misplaced_key(request: Request, right: Collection[str]) -> str | None:
    """Where a key seems to be that was looked for in the headers `right`; never what it is."""
    for name in _ELSEWHERE:
        if name not in right and request.headers.get(name):
            return f"the header {name.title()}"
    for name in _IN_ADDRESS:
        if request.query_params.get(name):
            return f"the address, as {name}"
    return None
