"""The OpenAPI description, made from the same tables that the answers are made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from windstill import __version__, errors
from windstill.http import schemas
from windstill.http.codes import codes
from windstill.http.native import description as native
from windstill.http.native import shapes
from windstill.http.refusals import Reason, code_of
from windstill.jobs import errors as jobs
from windstill.photo import COMPATIBLE_LIMITS
from windstill.settings import Settings

Kind = Reason | type[Exception]

KEY = (jobs.UnknownKey, jobs.RevokedKey)
BROKEN = (Reason.INTERNAL, jobs.StoreError)
ANIMATION: tuple[Kind, ...] = (
    *KEY,
    Reason.MISSING_PART,
    Reason.EMPTY_PART,
    Reason.INVALID_OPERATION,
    Reason.BROKEN_BODY,
    Reason.TOO_MANY_PARTS,
    Reason.SLOW_BODY,
    Reason.TOO_MANY_IMAGES,
    Reason.BODY_TOO_LARGE,
    errors.FileTooLarge,
    errors.PhotoTooLarge,
    errors.PhotoTooSmall,
    errors.UnsupportedFormat,
    errors.NotAPhoto,
    errors.CorruptPhoto,
    errors.NothingToMove,
    jobs.InsufficientCredits,
    jobs.RateLimited,
    jobs.TooManyRunning,
    jobs.QueueFull,
    Reason.TOO_MANY_UPLOADS,
    Reason.TOO_BUSY,
    jobs.Draining,
    jobs.JobTimeout,
    Reason.NO_ANSWER_IN_TIME,
    jobs.JobCrashed,
    jobs.JobInterrupted,
    errors.EncoderError,
    errors.PerceptionError,
    jobs.StorageError,
    *BROKEN,
)
CREDITS: tuple[Kind, ...] = (*KEY, *BROKEN)
TASK: tuple[Kind, ...] = (
    *KEY,
    Reason.MISSING_PART,
    Reason.EMPTY_PART,
    jobs.UnknownJob,
    jobs.BlobMissing,
    errors.CorruptPhoto,
    errors.PhotoTooSmall,
    errors.PhotoTooLarge,
    errors.UnsupportedFormat,
    jobs.JobCrashed,
    jobs.JobTimeout,
    jobs.JobInterrupted,
    *BROKEN,
)
RETRIED = (429, 503)
"""Statuses that come with Retry-After."""


def describe(settings: Settings) -> dict[str, Any]:
    """The description of a service with these settings, as OpenAPI 3.1."""
    server = settings.public_url or "/"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Windstill",
            "version": __version__,
            "summary": "One photo in, a seamlessly looping video of its sky and hair out.",
            "description": schemas.DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [
            {"name": "compatible API", "description": "As the retired API had it."},
            {"name": native.TAG, "description": "Asynchronous, with progress and previews."},
            {"name": "results", "description": "Videos by link."},
            {"name": "operation", "description": "For whoever runs the service."},
        ],
        "paths": {
            "/api/image/effects/image-fine-tuning": {
                "post": _animation(settings, "imageFineTuning", "ailabapi-api-key")
            },
            "/image/enhance/image_micro_motion": {
                "post": _animation(settings, "imageMicroMotion", "X-RapidAPI-Key")
            },
            "/api/common/query-credits": {"get": _credits(settings)},
            "/api/common/query-async-task-result": {"get": _task(settings)},
            **native.paths(settings),
            "/files/{name}": _files(settings),
            **_operation(settings),
        },
        "webhooks": native.webhooks() if settings.webhooks else {},
        "components": {
            "securitySchemes": {
                **native.SCHEMES,
                **{
                    name: {"type": "apiKey", "in": "header", "name": name}
                    for name in ("ailabapi-api-key", "X-RapidAPI-Key")
                },
            },
            "schemas": {**schemas.SCHEMAS, **shapes.SCHEMAS},
            "headers": {**schemas.HEADERS, **shapes.HEADERS},
        },
    }


def _animation(settings: Settings, name: str, header: str) -> dict[str, Any]:
    limits = COMPATIBLE_LIMITS
    return {
        "operationId": name,
        "summary": "Animate a photo",
        "description": schemas.ANIMATION.format(
            megabytes=limits.max_bytes // 2**20, answer=settings.answer_seconds
        ),
        "tags": ["compatible API"],
        "security": _security(header),
        "parameters": [schemas.OPERATION_PARAMETER],
        "requestBody": schemas.UPLOAD,
        "responses": {
            "200": {
                "description": "The link to the loop.",
                "headers": {
                    **schemas.header_references("X-Request-Id"),
                    **schemas.header_references("X-Windstill-Warning"),
                },
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/AnimationAnswer"},
                        "example": schemas.example_success(settings.format),
                    }
                },
            },
            **_failures(settings, ANIMATION),
        },
    }


def _credits(settings: Settings) -> dict[str, Any]:
    return {
        "operationId": "queryCredits",
        "summary": "What the key has left",
        "description": "Also a cheap check of a key. Keys without a limit show a large balance.",
        "tags": ["compatible API"],
        "security": _security("ailabapi-api-key"),
        "responses": {
            "200": _answer("The credit pools; clients add up their balances.", "CreditsAnswer"),
            **_failures(settings, CREDITS),
        },
    }


def _task(settings: Settings) -> dict[str, Any]:
    return {
        "operationId": "queryAsyncTaskResult",
        "summary": "State of a task",
        "description": "task_status: 0 queued, 1 running, 2 done. A failed task is answered as "
        "the error it failed with.",
        "tags": ["compatible API"],
        "security": _security("ailabapi-api-key"),
        "parameters": [
            {
                "name": "task_id",
                "in": "query",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
                "example": "0123456789abcdef0123456789abcdef",
            }
        ],
        "responses": {
            "200": _answer("The task's state, and its result when it is done.", "TaskAnswer"),
            **_failures(settings, TASK),
        },
    }


def _files(settings: Settings) -> dict[str, Any]:
    kinds = (jobs.BlobMissing, *BROKEN)
    return {
        "parameters": schemas.LINK_PARAMETERS,
        "get": {
            "operationId": "getResult",
            "summary": "Fetch a result",
            "description": "Without any key, until the time in the link. Ranges are served.",
            "tags": ["results"],
            "responses": {
                "200": schemas.VIDEO,
                "206": {**schemas.VIDEO, "description": "The asked range of the video."},
                "416": {
                    "description": "The range is not within the video.",
                    "content": {"text/plain": {"schema": {"type": "string"}}},
                },
                **_failures(settings, kinds),
            },
        },
        "head": {
            "operationId": "headResult",
            "summary": "Size and type of a result",
            "tags": ["results"],
            "responses": {
                "200": {"description": "The headers of the video."},
                "206": {"description": "The headers of the asked range."},
                "416": {"description": "The range is not within the video."},
                **{
                    status: {"description": answer["description"]}
                    for status, answer in _failures(settings, kinds).items()
                },
            },
        },
    }


def _operation(settings: Settings) -> dict[str, Any]:
    paths = {
        path: {
            "get": {
                "operationId": name,
                "summary": summary,
                "tags": ["operation"],
                "responses": {
                    status: {
                        "description": text,
                        "content": {kind: {"schema": schemas.page_schema(kind)}},
                    }
                    for status, text in answers.items()
                },
            }
        }
        for path, name, summary, kind, answers in schemas.OPERATION_PAGES
    }
    if not settings.metrics:
        del paths["/metrics"]
    return paths


def _security(header: str) -> list[dict[str, list[str]]]:
    names = ["ailabapi-api-key", "X-RapidAPI-Key"]
    return [{name: []} for name in sorted(names, key=lambda name: name != header)]


def _answer(text: str, schema: str) -> dict[str, Any]:
    return {
        "description": text,
        "headers": schemas.header_references("X-Request-Id"),
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _failures(settings: Settings, kinds: Iterable[Kind]) -> dict[str, Any]:
    """The refusals and failures of an operation by status, each code with an example."""
    by_status: dict[int, set[str]] = defaultdict(set)
    for kind in kinds:
        code = code_of(kind)
        by_status[code.status(settings.status_profile)].add(code.name)
    return {
        str(status): {
            "description": " ".join(f"{name}: {codes()[name].text}" for name in sorted(names)),
            "headers": schemas.header_references(
                "X-Request-Id", *(("Retry-After",) if status in RETRIED else ())
            ),
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Failure"},
                    "examples": {
                        name: {"value": schemas.example_failure(codes()[name], status)}
                        for name in sorted(names)
                    },
                }
            },
        }
        for status, names in sorted(by_status.items())
    }
