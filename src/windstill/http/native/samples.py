"""Examples of the native API's answers, for its description."""

from __future__ import annotations

import json
from typing import Any

from windstill.options import Options

ID = "0f4b5c1d2e3a49586776859403122130"

_LINK = "http://127.0.0.1:8080/files/results/5f3c….mp4?expires=1763906400&signature=…"

RUNNING: dict[str, Any] = {
    "id": ID,
    "state": "running",
    "stage": "video",
    "fraction": 0.62,
    "created_at": "2025-11-22T14:00:00.000Z",
    "started_at": "2025-11-22T14:00:00.020Z",
    "finished_at": None,
    "expires_at": None,
    "options": Options().as_dict(),
    "result": None,
    "error": None,
}
FINISHED: dict[str, Any] = {
    **RUNNING,
    "state": "succeeded",
    "stage": None,
    "fraction": 1.0,
    "finished_at": "2025-11-22T14:00:03.100Z",
    "expires_at": "2025-11-23T14:00:03.100Z",
    "result": {
        "url": _LINK,
        "mime": "video/mp4",
        "bytes": 1830211,
        "width": 1920,
        "height": 1280,
        "frames": 96,
        "fps": 24.0,
        "seconds": 4.0,
        "repeats": 1,
        "poster": None,
        "moved": {"sky": {"share": 0.41, "motion": "drift", "travel": 48.0}},
        "warnings": [{"code": "no_hair", "message": "No hair was found in the photo."}],
    },
}
CANCELLED: dict[str, Any] = {
    **RUNNING,
    "state": "cancelled",
    "stage": None,
    "fraction": 0.0,
    "finished_at": "2025-11-22T14:00:01.000Z",
}
PREVIEW: dict[str, Any] = {
    "id": ID,
    "width": 1024,
    "height": 683,
    "photo_width": 4032,
    "photo_height": 2688,
    "found": {"sky": 0.41, "hair": 0.0, "faces": 0.0},
    "expires_at": "2025-11-22T15:00:00.000Z",
    "mattes": _LINK.replace(".mp4", ".png"),
    "motion": _LINK.replace(".mp4", ".bin"),
    "photo": None,
}
_OF_PREVIEW = ("width", "height", "mattes", "motion", "photo")
_FOUND = {name: value for name, value in PREVIEW.items() if name not in _OF_PREVIEW}
MATTES: dict[str, Any] = {
    **_FOUND,
    "width": 4032,
    "height": 2688,
    "sky": _LINK.replace(".mp4", ".png"),
    "hair": _LINK.replace("5f3c", "81b0").replace(".mp4", ".png"),
}
EVENT: dict[str, Any] = {
    "type": "animation.succeeded",
    "created_at": "2025-11-22T14:00:03.100Z",
    "animation": FINISHED,
}
SIGNATURE = "t=1763820004,v1=9c2f…"
JSON_REQUEST: dict[str, Any] = {
    "image_url": "https://photos.example.org/beach.jpg",
    "options": {"strength": "windy"},
    "webhook": "https://app.example.org/loops",
}
EVENTS = "".join(
    f"event: {name}\ndata: {json.dumps(data)}\n\n"
    for name, data in (
        ("progress", {"state": "running", "stage": "video", "fraction": 0.62}),
        ("done", FINISHED),
    )
)


def problem(status: int, code: str, title: str) -> dict[str, Any]:
    """A refusal with this code."""
    return {
        "type": f"/docs#{code}",
        "title": title,
        "status": status,
        "detail": f"{title}.",
        "code": code,
        "field": None,
        "instance": "A6697900-DAA5-510F-BF1E-12F51DAD40D1",
    }
