"""The outermost layer: ids, log, metrics and headers of every request, and an answer to any error.

Nothing inside answers an error by itself; what is raised, by a handler or by the framework, is
turned into the envelope here and nowhere else.
"""

from __future__ import annotations

import logging
import math
import re
import time

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route, Router
from starlette.types import Message, Receive, Scope, Send

from windstill.errors import WindstillError
from windstill.http import cors
from windstill.http.acs.answers import refusal
from windstill.http.acs.call import speaks
from windstill.http.acs.refusals import AcsRefused
from windstill.http.codes import codes
from windstill.http.envelope import Ids, failure
from windstill.http.native.problems import is_native, meaning_for, problem_response
from windstill.http.refusals import ClientGone, Reason, RequestRefused, code_for, unknown_path
from windstill.http.service import Service

logger = logging.getLogger("windstill.http")

GONE = 499
"""Logged for a client that left before it was answered; never sent."""

MAX_HEAD_BYTES = 32 * 1024
_SLASHES = re.compile("//+")
_ABSOLUTE = re.compile(r"https?://([^/]*)", re.I | re.A)
_ABSOLUTE_RAW = re.compile(rb"\Ahttps?://[^/]*", re.I)


class Boundary:
    """Wraps the routes of one service."""

    def __init__(self, router: Router, service: Service) -> None:
        self._router = router
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, whatever is raised inside."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        _normalise(scope)
        signed = self._service.settings.acs_api != "off" and speaks(scope)
        answer = _Answer(scope, send, self._service, signed=signed)
        try:
            _check_head(scope)
            with self._service.connections.request((scope.get("client") or ("",))[0]):
                await self._routed(scope, receive, answer)
        except ClientGone:
            answer.status = GONE
        except Exception as error:
            await self._answer_error(error, scope, receive, answer)
        finally:
            answer.finish()

    async def _routed(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if scope["method"] == "OPTIONS" and not answer.signed:
            await cors.preflight(self._methods(scope))(scope, receive, answer.send)
        else:
            await self._router(scope, receive, answer.send)

    def _methods(self, scope: Scope) -> set[str]:
        """The methods of the route at this path, if there is one."""
        for route in self._router.routes:
            match, _ = route.matches(scope)
            if match is not Match.NONE and isinstance(route, Route):
                return set(route.methods or ())
        return set()

    async def _answer_error(
        self, error: Exception, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        if not isinstance(error, (HTTPException, RequestRefused, AcsRefused, WindstillError)):
            logger.error(
                "unexpected error",
                exc_info=error,
                extra={"facts": {"request_id": answer.ids.request_id}},
            )
        if answer.status:
            raise error  # half an answer is out: only closing the connection is left
        response = self._response(error, scope, answer)
        await response(scope, receive, answer.send)

    def _response(self, error: Exception, scope: Scope, answer: _Answer) -> Response:
        path = scope["path"]
        if isinstance(error, HTTPException) and error.status_code == 404:
            error = unknown_path(path)
        headers = dict(getattr(error, "headers", None) or {})
        if isinstance(error, RequestRefused) and error.reason is Reason.MALFORMED_REQUEST:
            headers["connection"] = "close"  # what follows on it may be anything
        retry_after = getattr(error, "retry_after", None)
        if retry_after is not None:
            headers["retry-after"] = str(max(1, math.ceil(retry_after)))
        if answer.signed:
            answer.code, response = refusal(error, scope, answer.ids.request_id, headers)
            return response
        if is_native(path):
            answer.code = meaning_for(error).code
            return problem_response(error, _told(error), answer.ids.request_id, headers)
        code = code_for(error)
        answer.code = code.name
        return failure(
            answer.ids,
            code,
            self._service.settings.status_profile,
            _told(error),
            origin=error.code if isinstance(error, WindstillError) else "",
            headers=headers,
        )


def _normalise(scope: Scope) -> None:
    """Brings the ways in which clients write one address to one."""
    # The form of a request to a proxy, which every server must take; the host in it counts
    # (RFC 9112, 3.2.2).
    if found := _ABSOLUTE.match(scope["path"]):
        scope["path"] = scope["path"][found.end() :] or "/"
        scope["raw_path"] = _ABSOLUTE_RAW.sub(b"", scope["raw_path"]) or b"/"
        others = [pair for pair in scope["headers"] if pair[0] != b"host"]
        scope["headers"] = [*others, (b"host", found[1].encode("latin-1", "replace"))]
    # A base URL that ends with a slash, joined to a path that begins with one.
    path = _SLASHES.sub("/", scope["path"])
    if path.startswith(("/api/", "/image/", "/v1/")):
        path = path.rstrip("/")
    scope["path"] = path


def _check_head(scope: Scope) -> None:
    names = [name for name, _ in scope["headers"]]
    if b"content-length" in names and b"transfer-encoding" in names:
        # Two servers in a row may take either for the truth (RFC 9112, 6.1).
        raise RequestRefused(
            Reason.MALFORMED_REQUEST,
            "A request has a Content-Length or a Transfer-Encoding, not both.",
        )
    # The parser bounds a head that trickles in, not one that arrives in one piece.
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size + len(scope["query_string"]) > MAX_HEAD_BYTES:
        raise RequestRefused(
            Reason.MALFORMED_REQUEST, f"The head may have {MAX_HEAD_BYTES:,} bytes at most."
        )


def _told(error: Exception) -> str:
    """What the client is told; of an unexpected error, nothing that only the log should say."""
    if isinstance(error, (RequestRefused, WindstillError)):
        return error.message
    if isinstance(error, HTTPException) and error.status_code == 405:
        return f"The method is not allowed here; allowed: {(error.headers or {}).get('Allow', '')}."
    if isinstance(error, HTTPException):
        return str(error.detail)
    return codes()["SERVICE_INTERNAL_ERROR"].text


class _Answer:
    """One answer on its way out: adds the headers that all have, and remembers what was sent.

    signed: to a request of the signed API, whose secrets must be in no browser.
    """

    def __init__(self, scope: Scope, send: Send, service: Service, *, signed: bool) -> None:
        self.signed = signed
        self.ids = Ids()
        self.status = 0
        self.code = ""
        self._begin = time.perf_counter()
        self._scope = scope
        self._send = send
        self._service = service
        self._facts: dict[str, object] = {}
        scope.setdefault("state", {}).update(ids=self.ids, facts=self._facts)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.ids.request_id
            headers.setdefault("x-content-type-options", "nosniff")
            headers.setdefault("cache-control", "no-store")
            if not self.signed:
                cors.mark(self._service.settings.cors_origins, self._scope, headers)
            if self._service.draining:
                headers["connection"] = "close"
        await self._send(message)

    def finish(self) -> None:
        """Logs and counts the request."""
        seconds = time.perf_counter() - self._begin
        endpoint = self._scope.get("route")
        route = getattr(endpoint, "path", "unknown")
        method = self._scope["method"]
        status = self.status or GONE
        self._service.metrics.count(route, method, status, seconds, self.code)
        client = self._scope.get("client")
        facts = {
            "request_id": self.ids.request_id,
            "log_id": self.ids.log_id,
            "method": method if method.isalpha() else "other",
            "route": route,
            "status": status,
            "code": self.code,
            "seconds": round(seconds, 4),
            "client": client[0] if client else "",
            **self._facts,
        }
        logger.info("request", extra={"facts": facts})
