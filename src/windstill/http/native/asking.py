"""Reading what a client asks for: a form with the photo, or JSON with the photo's address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import cast

from starlette.requests import Request

from windstill.errors import FileTooLarge, InvalidMatte, InvalidOption, UnsupportedFormat
from windstill.http.advice import missing_image, unknown_field
from windstill.http.guard import Unreachable
from windstill.http.multipart import Form, FormFile, FormLimits, read_form
from windstill.http.native.catalogue import BESIDE, MAX_WAIT, PRIORITIES, allowed_in, photo_limits
from windstill.http.native.jsonform import read_json
from windstill.http.refusals import Reason, RequestRefused
from windstill.http.service import Service
from windstill.http.uploads import Held
from windstill.jobs.accounts import Key
from windstill.jobs.engine import Submission
from windstill.jobs.task import MATTES, payload
from windstill.options import Options
from windstill.photo import Limits
from windstill.photo.signature import accepted_format, identify
from windstill.settings import Settings

OPTIONS = tuple(spec.name for spec in fields(Options))
FURTHER = tuple(str(option["name"]) for option in BESIDE)
PREVIEW_OPTIONS = ("wind", "strength", "seed")
IMAGE = "image"

IMAGE_URL = "image_url"
WEBHOOK = "webhook"
FETCH_SECONDS = 20.0

_FORM_BYTES = 64 * 1024
_TEXT_BYTES = 2048
_WAIT = re.compile(r"\s*wait\s*=\s*\"?(\d{1,6})\"?\s*", re.I | re.A)


@dataclass(frozen=True)
class Asked:
    """What a client wants. mattes: its own, by the name of their part."""

    photo: bytes = field(repr=False)
    mattes: Mapping[str, bytes] = field(repr=False)
    options: Options
    priority: int = 0
    webhook: str | None = None
    poster: str | None = None
    must_move: bool = False

    def submission(self, key_id: str, limits: Limits, **more: object) -> Submission:
        """The request for a job of this. more: further fields of `Submission`."""
        told = payload(
            self.options,
            asdict(limits) | {"formats": list(limits.formats)},
            require_motion=self.must_move,
            poster=self.poster,
        )
        return Submission(
            key_id=key_id,
            photo=self.photo,
            extras=self.mattes,
            payload=told,
            **more,  # type: ignore[arg-type]
        )


async def read_asked(
    request: Request, service: Service, key: Key, texts: tuple[str, ...], held: Held
) -> Asked:
    """What a request asks for. texts: the names that it may carry beside the files. held: counts
    the memory that files take, which ends with their job's submission.

    Raises `RequestRefused`, `InvalidOption`, `InvalidPhoto` and `InvalidMatte`, each naming the
    field that it is about.
    """
    form_limits = _form_limits(service.settings, texts)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    read = read_json if kind == "application/json" else read_form
    form = await read(request, form_limits, held)
    if form.unknown is not None:
        known = (*form_limits.files, *form_limits.texts)
        raise RequestRefused(
            Reason.INVALID_FIELD, unknown_field(form.unknown, known), field=form.unknown
        )
    return await _asked(form, service, key, held)


def wait_seconds(request: Request) -> float:
    """How long the client wants to wait for the result (RFC 7240); 0 when it does not say."""
    for preference in request.headers.get("prefer", "").replace(";", ",").split(","):
        if match := _WAIT.fullmatch(preference):
            return float(min(MAX_WAIT, int(match[1])))
    return 0.0


async def _asked(form: Form, service: Service, key: Key, held: Held) -> Asked:
    limits = photo_limits(service.settings)
    texts = dict(form.texts)
    url, webhook = texts.pop(IMAGE_URL, None), texts.pop(WEBHOOK, None)
    priority = _priority(texts.pop("priority", "normal"), key)
    poster = _one_of("poster", texts.pop("poster", "none"))
    must_move = _one_of("must_move", texts.pop("must_move", "false")) == "true"
    options = Options.parse(texts)
    if webhook is not None:
        _check_webhook(webhook, service)
    mattes = {name: _matte(form.files[name], name, limits) for name in MATTES if name in form.files}
    if url is not None and IMAGE not in form.files:
        with service.fetches.hold(key.id):
            photo = await _fetched(url, service, limits, held)
    else:
        photo = _photo(form.files.get(IMAGE), limits)
    return Asked(
        photo,
        mattes,
        options,
        priority,
        webhook,
        None if poster == "none" else poster,
        must_move,
    )


def _priority(word: str, key: Key) -> int:
    if word not in PRIORITIES:
        raise RequestRefused(
            Reason.INVALID_FIELD,
            f"priority is not one of {', '.join(PRIORITIES)}.",
            field="priority",
        )
    if PRIORITIES[word] and not key.high_priority:
        raise RequestRefused(
            Reason.NOT_ALLOWED_HERE, f"This key may not ask for priority {word}.", field="priority"
        )
    return PRIORITIES[word]


def _one_of(name: str, value: str) -> str:
    """A field beside the options, checked as these are."""
    allowed = [str(each).lower() for each in cast(list[object], allowed_in(name))]
    if value not in allowed:
        raise InvalidOption(
            f"{name} is {value[:40]!r}; allowed: one of {', '.join(allowed)}.", field=name
        )
    return value


def _check_webhook(url: str, service: Service) -> None:
    if not service.settings.webhooks:
        raise RequestRefused(
            Reason.NOT_ALLOWED_HERE, "This service sends no webhooks.", field=WEBHOOK
        )
    try:
        service.guard.check(url)
    except Unreachable as error:
        raise Unreachable(error.message, field=WEBHOOK) from None


async def _fetched(url: str, service: Service, limits: Limits, held: Held) -> bytes:
    settings = service.settings
    if not settings.image_urls:
        raise RequestRefused(
            Reason.NOT_ALLOWED_HERE,
            "This service fetches no photos: send the photo as the part image.",
            field=IMAGE_URL,
        )
    try:
        reply = await service.guard.get(
            url, most=limits.max_bytes, seconds=FETCH_SECONDS, arrived=held.take
        )
    except Unreachable as error:
        raise Unreachable(error.message, field=IMAGE_URL) from None
    return checked_photo(reply.body, limits)


def checked_photo(body: bytes, limits: Limits) -> bytes:
    """A photo that was fetched, after what can be told without decoding."""
    return _photo(FormFile(body, len(body)), limits)


def _photo(file: FormFile | None, limits: Limits) -> bytes:
    """The photo's bytes, after what can be told without decoding; the rest is the job's matter."""
    if file is None:
        raise RequestRefused(Reason.MISSING_PART, missing_image(None), field=IMAGE)
    if file.size == 0:
        raise RequestRefused(Reason.EMPTY_PART, "image is an empty file.", field=IMAGE)
    limits.check_bytes(file.size)
    accepted_format(file.data, limits)
    return file.data


def _matte(file: FormFile, name: str, limits: Limits) -> bytes:
    try:
        limits.check_bytes(file.size)
        if identify(file.data) not in limits.formats:
            raise UnsupportedFormat(f"It is no picture; allowed are {limits.allowed_formats}.")
    except (FileTooLarge, UnsupportedFormat) as error:
        raise InvalidMatte(
            f"{name} can't be used: {error.message}".replace("photo", "matte"), field=name
        ) from None
    return file.data


def _form_limits(settings: Settings, options: tuple[str, ...]) -> FormLimits:
    most = settings.max_photo_bytes
    files = (IMAGE, *MATTES)
    return FormLimits(
        files=dict.fromkeys(files, most),
        texts=options,
        body_bytes=len(files) * most + _FORM_BYTES,
        text_bytes=_TEXT_BYTES,
        parts=settings.max_parts,
        seconds=settings.upload_seconds,
        rate=settings.upload_rate,
        wanted="the part image (a file), and options as texts",
    )
