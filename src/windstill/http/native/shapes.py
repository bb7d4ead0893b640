"""What requests and answers of the native API look like, as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from windstill.http.guard import MAX_URL
from windstill.http.native.catalogue import BESIDE as OPTIONS_BESIDE
from windstill.http.native.catalogue import PRIORITIES
from windstill.jobs.model import State
from windstill.jobs.task import MATTES
from windstill.options import describe as describe_options


def form(options: Iterable[str], **more: Any) -> dict[str, Any]:
    """A form with a photo, mattes and these options. more: further fields."""
    wanted = set(options)
    file = {"type": "string", "format": "binary", "minLength": 1}
    properties = {
        "image": {**file, "description": "The photo."},
        **{name: {**file, "description": "White where it moves."} for name in MATTES},
        **{
            str(option["name"]): option_schema(option)
            for option in (*describe_options(), *OPTIONS_BESIDE)
            if option["name"] in wanted
        },
        **more,
    }
    return _closed(properties, "image")


def json_request() -> dict[str, Any]:
    """The same as JSON, with the photo's address."""
    options = {str(option["name"]): _json_schema(option) for option in describe_options()}
    beside = {str(option["name"]): _json_schema(option) for option in OPTIONS_BESIDE}
    return _closed({"options": _closed(options), **beside, **BESIDE}, "image_url")


def _json_schema(option: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON may hold for an option."""
    schema = option_schema(option)
    if option["type"] == "bool":
        return {"description": schema["description"], "type": "boolean"}
    return schema


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def option_schema(option: Mapping[str, Any]) -> dict[str, Any]:
    """What the form's field of an option may hold."""
    told = {"description": option["help"], "default": option["default"]}
    if "choices" in option:
        return {"type": "string", "enum": list(option["choices"]), **told}
    if option["type"] == "bool":
        default = str(option["default"]).lower()
        return {**told, "type": "string", "enum": ["true", "false"], "default": default}
    bounds = {"minimum": option["low"], "maximum": option["high"]}
    if "words" in option:
        words = "|".join(option["words"])
        return {"type": "string", "pattern": rf"^({words}|-?\d{{1,2}}(\.\d{{1,4}})?)$", **told}
    return {"type": "integer" if option["type"] == "int" else "number", **bounds, **told}


PRIORITY: dict[str, Any] = {
    "type": "string",
    "enum": list(PRIORITIES),
    "default": "normal",
    "description": "high runs first; only for keys that may ask for it.",
}
WEBHOOK: dict[str, Any] = {
    "type": "string",
    "format": "uri",
    "maxLength": MAX_URL,
    "description": "Who is told of its end, where the operator allows it.",
}
BESIDE: dict[str, Any] = {
    "priority": PRIORITY,
    "webhook": WEBHOOK,
    "image_url": {
        **WEBHOOK,
        "description": "The photo, instead of a file, where the operator allows to fetch it.",
    },
}
TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_PART: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
_URL: dict[str, Any] = {"type": "string", "format": "uri"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
_RESULT: dict[str, Any] = {
    "url": _URL,
    "mime": {"type": "string"},
    "bytes": _COUNT,
    "width": _COUNT,
    "height": _COUNT,
    "frames": _COUNT,
    "fps": {"type": "number"},
    "seconds": {"type": "number"},
    "repeats": _COUNT,
    "poster": {"type": ["string", "null"], "format": "uri"},
    "moved": {"type": "object"},
    "warnings": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "pattern": "^[a-z_]+$"},
                "message": {"type": "string"},
            },
        },
    },
}
_ANIMATION: dict[str, Any] = {
    "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "state": {"type": "string", "enum": [state.value for state in State]},
    "stage": {"enum": ["photo", "mattes", "motion", "video", None]},
    "fraction": _PART,
    "created_at": TIME,
    "started_at": TIME,
    "finished_at": TIME,
    "expires_at": TIME,
    "options": {"type": "object"},
    "result": {
        "type": ["object", "null"],
        "required": list(_RESULT),
        "properties": _RESULT,
    },
    "error": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Problem"}]},
}
_PROBLEM: dict[str, Any] = {
    "type": {"type": "string", "format": "uri-reference"},
    "title": {"type": "string"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string"},
    "code": {"type": "string", "pattern": "^[a-z_]+$"},
    "field": {"type": ["string", "null"]},
}
_FOUND: dict[str, Any] = {
    "id": {"type": "string"},
    **dict.fromkeys(("width", "height", "photo_width", "photo_height"), _COUNT),
    "found": {"type": "object", "additionalProperties": _PART},
    "expires_at": TIME,
}


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {**properties, **more}
    return {"type": "object", "required": list(properties), "properties": told}


SCHEMAS: dict[str, Any] = {
    "Animation": _object(_ANIMATION),
    "AnimationPage": _object(
        {
            "animations": {"type": "array", "items": {"$ref": "#/components/schemas/Animation"}},
            "next": {"type": ["string", "null"]},
        }
    ),
    "Preview": _object(
        {**_FOUND, "mattes": _URL, "motion": _URL, "photo": {**_URL, "type": ["string", "null"]}}
    ),
    "Mattes": _object({**_FOUND, "sky": _URL, "hair": _URL}),
    "Secret": _object({"secret": {"type": "string"}}),
    "Event": _object(
        {
            "type": {"type": "string"},
            "created_at": TIME,
            "animation": {"$ref": "#/components/schemas/Animation"},
        }
    ),
    "Problem": _object(_PROBLEM, allowed={}, instance={"type": "string"}),
    "Catalogue": _object(
        {"options": {"type": "array"}, "limits": {"type": "object"}, "formats": {"type": "object"}}
    ),
}
HEADERS: dict[str, Any] = {
    "Location": {"description": "The animation.", "schema": {"type": "string"}},
    "Preference-Applied": {"description": "What was waited.", "schema": {"type": "string"}},
}
