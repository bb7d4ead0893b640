"""The native API in OpenAPI, made from the tables that its answers are made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from windstill import errors
from windstill.http.guard import Unreachable
from windstill.http.native import samples, shapes
from windstill.http.native.asking import FURTHER, OPTIONS, PREVIEW_OPTIONS
from windstill.http.native.problems import MEDIA_TYPE, Kind, Meaning, meaning_of
from windstill.http.refusals import Reason
from windstill.http.schemas import header_references
from windstill.jobs import errors as jobs
from windstill.jobs.task import MATTE_SIDE
from windstill.settings import Settings

TAG = "native API"
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"ailabapi-api-key": []}]
SCHEMES = {"bearer": {"type": "http", "scheme": "bearer"}}
RETRIED = (429, 503)

_KEY: tuple[Kind, ...] = (
    jobs.UnknownKey,
    jobs.RevokedKey,
    jobs.StoreError,
    Reason.MALFORMED_REQUEST,
    Reason.INTERNAL,
)
_UPLOAD: tuple[Kind, ...] = (
    *_KEY,
    Reason.MISSING_PART,
    Reason.EMPTY_PART,
    Reason.INVALID_FIELD,
    Reason.BROKEN_BODY,
    Reason.SLOW_BODY,
    Reason.TOO_MANY_PARTS,
    Reason.TOO_MANY_IMAGES,
    Reason.BODY_TOO_LARGE,
    Reason.TOO_MANY_UPLOADS,
    errors.InvalidOption,
    errors.InvalidMatte,
    errors.NotAPhoto,
    errors.UnsupportedFormat,
    errors.FileTooLarge,
    jobs.QueueFull,
    jobs.RateLimited,
    jobs.TooManyRunning,
    jobs.Draining,
    jobs.StorageError,
)
_CREATE: tuple[Kind, ...] = (
    *_UPLOAD,
    jobs.InsufficientCredits,
    jobs.IdempotencyConflict,
    Reason.NOT_ALLOWED_HERE,
    Unreachable,
)
_PREVIEW: tuple[Kind, ...] = (
    *_UPLOAD,
    errors.CorruptPhoto,
    errors.PhotoTooSmall,
    errors.PhotoTooLarge,
    errors.PerceptionError,
    jobs.JobTimeout,
    jobs.JobCrashed,
    jobs.JobOutOfMemory,
    jobs.JobInterrupted,
    jobs.InternalError,
    Reason.NO_ANSWER_IN_TIME,
)
_ONE: tuple[Kind, ...] = (*_KEY, jobs.UnknownJob)
_LIST: tuple[Kind, ...] = (*_KEY, Reason.INVALID_FIELD)

# What can't be read as HTTP has no path by which to tell the APIs apart.
_NO_HTTP = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}

_ID: dict[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "example": samples.ID,
}


def paths(settings: Settings) -> dict[str, Any]:
    """Every address of the native API."""
    return {
        "/v1/animations": {"get": _list(), "post": _create()},
        "/v1/animations/{id}": {"parameters": [_ID], "get": _show(), "delete": _cancel()},
        "/v1/animations/{id}/events": {"parameters": [_ID], "get": _events()},
        "/v1/previews": {"post": _preview()},
        "/v1/mattes": {"post": _mattes()},
        "/v1/webhook-secret": {"get": _secret()},
        "/v1/options": {"get": _options()},
    }


def webhooks() -> dict[str, Any]:
    """What the service sends by itself."""
    return {
        "animationEnded": {
            "post": {
                "operationId": "animationEnded",
                "summary": "An animation has ended",
                "description": "Signed; tried again for nine hours until it is answered with a "
                "status from 200 to 299. It may come more than once.",
                "tags": [TAG],
                "parameters": [
                    {
                        "name": "windstill-signature",
                        "in": "header",
                        "required": True,
                        "schema": {"type": "string"},
                        "example": samples.SIGNATURE,
                    }
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Event"},
                            "example": samples.EVENT,
                        }
                    }
                },
                "responses": {"2XX": {"description": "It has arrived."}},
            }
        }
    }


def _create() -> dict[str, Any]:
    answer = _answer("Animation", samples.FINISHED, "Location", "Preference-Applied")
    return _operation(
        "createAnimation",
        "Animate a photo",
        "Answers at once with the animation as it is then; with `Prefer: wait=N` only when it is "
        "finished, or N seconds have passed. Equal requests with one `Idempotency-Key` make one "
        "animation. Mattes of the caller's own, of any size, white where something moves, replace "
        "those that are found.",
        _CREATE,
        {
            "201": {**answer, "description": "It is finished."},
            "202": {
                **_answer("Animation", samples.RUNNING, "Location", "Preference-Applied"),
                "description": "It waits or runs.",
            },
        },
        parameters=[
            {
                "name": "Prefer",
                "in": "header",
                "description": "wait=N waits up to N seconds, at most 30 (RFC 7240).",
                "schema": {"type": "string"},
                "example": "wait=20",
            },
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Repeating a request with the same key makes no second animation.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
                "example": "holiday-photo-17",
            },
        ],
        requestBody={
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": shapes.form((*OPTIONS, *FURTHER), **shapes.BESIDE)
                },
                "application/json": {
                    "schema": shapes.json_request(),
                    "example": samples.JSON_REQUEST,
                },
            },
        },
    )


def _preview() -> dict[str, Any]:
    return _operation(
        "createPreview",
        "Preview a photo",
        "What was found, its mattes as a picture (red sky, green hair, blue faces), and the motion "
        "package from which a browser shows it moving. Costs no credits.",
        _PREVIEW,
        {"201": {**_answer("Preview", samples.PREVIEW), "description": "The preview."}},
        requestBody={
            "required": True,
            "content": {"multipart/form-data": {"schema": shapes.form(PREVIEW_OPTIONS)}},
        },
    )


def _mattes() -> dict[str, Any]:
    return _operation(
        "findMattes",
        "Find sky and hair",
        "Where they are, as grey pictures of the photo's size, at most "
        f"{MATTE_SIDE} pixels long, white where the element is: to be corrected, and sent back as "
        "`sky_matte` and `hair_matte`. Costs no credits.",
        _PREVIEW,
        {"201": {**_answer("Mattes", samples.MATTES), "description": "The mattes."}},
        requestBody={
            "required": True,
            "content": {"multipart/form-data": {"schema": shapes.form(())}},
        },
    )


def _list() -> dict[str, Any]:
    return _operation(
        "listAnimations",
        "One's own animations",
        "Newest first. `next` is the cursor of the next page, or null.",
        _LIST,
        {"200": _answer("AnimationPage", {"animations": [samples.FINISHED], "next": None})},
        parameters=[
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "`next` of the page before.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{32}$"},
            },
        ],
    )


def _show() -> dict[str, Any]:
    answers = {"200": _answer("Animation", samples.FINISHED)}
    return _operation("getAnimation", "One animation", "", _ONE, answers)


def _cancel() -> dict[str, Any]:
    return _operation(
        "cancelAnimation",
        "Cancel an animation, or erase its result",
        "What is cancelled costs nothing. The result of a finished one is erased at once: its "
        "links lead nowhere any more.",
        _ONE,
        {"200": _answer("Animation", samples.CANCELLED)},
    )


def _events() -> dict[str, Any]:
    text = {"schema": {"type": "string"}, "example": samples.EVENTS}
    return _operation(
        "followAnimation",
        "Progress as it happens",
        "Server-sent events: `progress` with state, stage and fraction, at last `done` with the "
        "animation. A stream that ends without `done` is to be opened again.",
        _ONE,
        {
            "200": {
                "description": "The events.",
                "headers": header_references("X-Request-Id"),
                "content": {"text/event-stream": text},
            }
        },
    )


def _secret() -> dict[str, Any]:
    return _operation(
        "getWebhookSecret",
        "What webhooks are signed with",
        "The key's own; the same as long as the service keeps its data.",
        (*_KEY, Reason.NOT_ALLOWED_HERE),
        {"200": _answer("Secret", {"secret": "whsec_…"})},
    )


def _options() -> dict[str, Any]:
    described = _operation(
        "listOptions",
        "What can be asked for",
        "Options with their rules, limits of uploads, formats of results. Needs no key.",
        (Reason.MALFORMED_REQUEST, Reason.INTERNAL),
        {"200": _answer("Catalogue", None)},
    )
    del described["security"]
    return described


def _operation(
    name: str,
    summary: str,
    description: str,
    kinds: Iterable[Kind],
    answers: Mapping[str, Any],
    **more: Any,
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "tags": [TAG],
        "security": SECURITY,
        **more,
        "responses": {**answers, **_problems(kinds)},
    }


def _answer(schema: str, example: object, *headers: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    if example is not None:
        content["example"] = example
    return {
        "description": "As asked.",
        "headers": header_references("X-Request-Id", *headers),
        "content": {"application/json": content},
    }


def _problems(kinds: Iterable[Kind]) -> dict[str, Any]:
    by_status: dict[int, dict[str, Meaning]] = defaultdict(dict)
    for kind in kinds:
        meaning = meaning_of(kind)
        by_status[meaning.status][meaning.code] = meaning
    return {
        str(status): {
            "description": " ".join(f"{code}: {m.title}." for code, m in sorted(found.items())),
            "headers": header_references(
                "X-Request-Id", *(("Retry-After",) if status in RETRIED else ())
            ),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {
                        code: {"value": samples.problem(status, code, meaning.title)}
                        for code, meaning in sorted(found.items())
                    },
                },
                **(_NO_HTTP if status == 400 else {}),
            },
        }
        for status, found in sorted(by_status.items())
    }


def meanings() -> list[Meaning]:
    """All problem codes, by status and name."""
    return sorted({meaning_of(kind) for kind in all_kinds()}, key=lambda m: (m.status, m.code))


def reference() -> str:
    """All problem codes, as Markdown."""
    found = meanings()
    lines = ["| code | status | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{m.code}` | {m.status} | {m.title} |" for m in found]
    return "\n".join(lines) + "\n"


def all_kinds() -> list[Kind]:
    """Every reason, and every kind of error that the service knows."""
    found: list[Kind] = [*Reason, Unreachable]
    for module in (errors, jobs):
        found += [
            kind
            for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, errors.WindstillError)
        ]
    return found
