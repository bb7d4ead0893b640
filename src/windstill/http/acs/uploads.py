"""Local files of clients, in the three steps of their `..._advance` calls.

AuthorizeFileUpload answers a form's fields; the client posts that form, with the file in it, to
`{Bucket}.{Endpoint}`, which is this service; and then names `http://{Bucket}.{Endpoint}/{ObjectKey}`
as the photo's address. Nothing is remembered between the steps: the policy in the form is signed,
and the stored file's name follows from the key pair and the object key.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5, sha256
from itertools import islice
from urllib.parse import urlsplit

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from windstill.http.acs.answers import Success, xml
from windstill.http.acs.call import Call
from windstill.http.acs.refusals import AcsRefused
from windstill.http.multipart import Form, FormFile, FormLimits, read_form
from windstill.http.refusals import Reason, RequestRefused
from windstill.http.service import Service
from windstill.http.uploads import STRANGERS
from windstill.jobs.accounts import Key
from windstill.jobs.errors import BlobMissing, StorageError
from windstill.photo import COMPATIBLE_LIMITS

logger = logging.getLogger("windstill.http")

ACTION, VERSION = "AuthorizeFileUpload", "2019-12-19"
PRODUCT = "imageenhan"
SECONDS = 1800
"""How long a form may be posted. Files that no call used are swept after an hour."""
MAX_WAITING = 1000
"""Uploads, of whatever kind, beside which no more files are taken: 3 GB at most."""
MAX_ARRIVING = 8
"""Forms that are read at the same time, each with 3 MiB of memory."""

_FIELDS = ("OSSAccessKeyId", "policy", "Signature", "key", "success_action_status", "host")
_PURPOSE = b"windstill upload 1\n"
_OBJECT_KEY = re.compile(r"/([0-9A-Za-z]{1,40}/[0-9a-f]{32})")
_ROOM = 64 * 1024
"""Bytes of the form beside the file."""


class Uploads:
    """Files on their way. secret: the service's access secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._arriving = 0

    def authorize(self, request: Request, service: Service, call: Call, key: Key) -> Success:
        """The fields of a form with which the owner of a key may post one file."""
        if call.parameters.get("Product", PRODUCT) != PRODUCT:
            raise AcsRefused("InvalidParameter", f"Allowed is {PRODUCT}.", name="Product")
        host = urlsplit(service.address(request, "")).netloc
        bucket, dot, endpoint = host.partition(".")
        if not dot or not bucket or host.startswith("["):
            raise AcsRefused(
                "InvalidApi.ForbiddenInvoke",
                f"Files can be uploaded only at a host with a dot in its name; it is {host}.",
            )
        access_id = "" if key.access is None else key.access.id
        object_key = f"{access_id}/{secrets.token_hex(16)}"
        policy = {
            "expiration": int(service.engine.clock()) + SECONDS,
            "conditions": [
                ["eq", "$key", object_key],
                ["content-length-range", 1, COMPATIBLE_LIMITS.max_bytes],
            ],
        }
        encoded = base64.b64encode(json.dumps(policy).encode()).decode()
        return Success(
            {
                "AccessKeyId": access_id,
                "Bucket": bucket,
                "Endpoint": endpoint,
                "ObjectKey": object_key,
                "EncodedPolicy": encoded,
                "Signature": self._signature(encoded),
                "UseAccelerate": False,
            }
        )

    async def receive(self, request: Request) -> Response:
        """`POST` of the form; keeps the file for the call that will name it."""
        service = request.app.state.service
        service.check_open()
        with self._one_more(), service.uploads.hold(STRANGERS) as held:
            form = await read_form(request, _limits(service), held)
            object_key = self._allowed(form, service.engine.clock())
            photo = _file(form, request)
            await run_in_threadpool(_keep, service, self._blob(object_key), photo)
        request.state.facts.update(bytes=len(photo))
        host = urlsplit(service.address(request, "")).netloc
        content = {
            "Bucket": host.partition(".")[0],
            "Location": f"http://{host}/{object_key}",
            "Key": object_key,
            "ETag": f'"{md5(photo, usedforsecurity=False).hexdigest().upper()}"',
        }
        return xml("PostResponse", content, 201, "application/xml")

    async def taken(self, request: Request, service: Service, key: Key, url: str) -> bytes | None:
        """The file that was uploaded to this address; None where it is not one of these.

        Read from the store, without a connection to this service. Raises `BlobMissing`, also for
        a file of another key.
        """
        object_key = self._own(request, service, url)
        if object_key is None:
            return None
        if key.access is None or not object_key.startswith(f"{key.access.id}/"):
            raise BlobMissing("There is no such upload.")
        return await run_in_threadpool(_read, service, self._blob(object_key))

    async def used(self, request: Request, service: Service, url: str) -> None:
        """Removes the file at this address, if it is one of these: its loop was made.

        Does not fail, so that the client gets the loop; the sweeper tries again.
        """
        object_key = self._own(request, service, url)
        if object_key is None:
            return
        try:
            await run_in_threadpool(service.engine.blobs.delete, self._blob(object_key))
        except StorageError as error:
            logger.error("an upload that was used is left for the sweeper: %s", error)

    def _own(self, request: Request, service: Service, url: str) -> str | None:
        """The object key in an address of this service; None for all others."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        own = urlsplit(service.address(request, "")).netloc
        is_own = parts.netloc.lower() == own.lower() and not parts.query
        found = _OBJECT_KEY.fullmatch(parts.path)
        return found[1] if found and is_own else None

    @contextmanager
    def _one_more(self) -> Iterator[None]:
        """Held while a form arrives: whoever sends it is not known yet, and must not take the
        room of those who are.
        """
        if self._arriving >= MAX_ARRIVING:
            raise RequestRefused(
                Reason.TOO_MANY_UPLOADS, "Too many uploads at the same time.", retry_after=1
            )
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    def _allowed(self, form: Form, now: float) -> str:
        """The object key of a form whose policy is this service's. Raises `AcsRefused`."""
        policy, signature = form.texts.get("policy", ""), form.texts.get("Signature", "")
        genuine = self._signature(policy).encode()
        if not hmac.compare_digest(genuine, signature.encode(errors="replace")):
            raise AcsRefused("AccessDenied", "Policy and Signature don't belong together.")
        stated = json.loads(base64.b64decode(policy))
        if now >= stated["expiration"]:
            raise AcsRefused("AccessDenied", "The policy has expired.")
        object_key = str(stated["conditions"][0][2])
        if form.texts.get("key") != object_key:
            raise AcsRefused("AccessDenied", "The policy is for another key.")
        return object_key

    def _signature(self, policy: str) -> str:
        return base64.b64encode(self._digest(b"policy\n" + policy.encode())).decode()

    def _blob(self, object_key: str) -> str:
        return "uploads/" + self._digest(b"blob\n" + object_key.encode()).hex()[:32]

    def _digest(self, message: bytes) -> bytes:
        return hmac.digest(self._secret, _PURPOSE + message, sha256)


def _limits(service: Service) -> FormLimits:
    return FormLimits(
        # A file may have a tail that is cut off.
        files={"file": COMPATIBLE_LIMITS.max_bytes + _ROOM},
        texts=_FIELDS,
        body_bytes=COMPATIBLE_LIMITS.max_bytes + _ROOM,
        text_bytes=2048,
        parts=service.settings.max_parts,
        seconds=service.settings.upload_seconds,
        rate=service.settings.upload_rate,
        wanted=f"the parts {', '.join(_FIELDS)} and file",
    )


def _file(form: Form, request: Request) -> bytes:
    """The file, without what a malformed form left behind it.

    Node's SDK writes no line break between the file's bytes and the next boundary, so that the
    part after the file seems to be the file's end.
    """
    file = form.files.get("file", FormFile())
    _, parameters = parse_options_header(request.headers["content-type"])
    tail = file.data.rfind(b"--" + parameters[b"boundary"])
    photo = bytes(file.data[:tail] if tail >= 0 else file.data)
    if not photo:
        raise RequestRefused(Reason.EMPTY_PART, "file is missing or empty.", field="file")
    COMPATIBLE_LIMITS.check_bytes(len(photo))
    return photo


def _keep(service: Service, blob: str, photo: bytes) -> None:
    waiting = sum(1 for _ in islice(service.engine.blobs.names("uploads/"), MAX_WAITING))
    if waiting >= MAX_WAITING:
        raise RequestRefused(
            Reason.TOO_MANY_UPLOADS, "Too many files wait to be used.", retry_after=60
        )
    service.engine.blobs.put(blob, photo, durable=False)


def _read(service: Service, blob: str) -> bytes:
    with service.engine.blobs.open(blob) as file:
        return file.read(COMPATIBLE_LIMITS.max_bytes + 1)
