"""The signed API's one address, which it shares with the web page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from windstill.http.acs import dynamic_image, uploads
from windstill.http.acs.access import authenticate
from windstill.http.acs.answers import answer, ask_for_xml
from windstill.http.acs.call import Call, is_form_upload, read_call, speaks
from windstill.http.acs.refusals import AcsRefused
from windstill.http.service import ids_of, service_of
from windstill.jobs.access import AccessRing

VERSIONS = {
    dynamic_image.ACTION: dynamic_image.VERSION,
    uploads.ACTION: uploads.VERSION,
}


@dataclass(frozen=True)
class SignedApi:
    """Answers signed requests of one service."""

    ring: AccessRing
    uploads: uploads.Uploads

    async def __call__(self, request: Request) -> Response:
        """One request, from its signature to its result."""
        if is_form_upload(request.scope):
            return await self.uploads.receive(request)
        service = service_of(request)
        service.check_open()
        patience = min(service.settings.answer_seconds, dynamic_image.PATIENCE)
        deadline = asyncio.get_running_loop().time() + patience
        seconds = min(service.settings.upload_seconds, patience)
        call = await read_call(request, seconds, service.settings.upload_rate)
        if call.wants_xml:
            ask_for_xml(request.scope)
        key = await authenticate(call, self.ring, service.engine.clock())
        action = _action(call)
        request.state.facts.update(key=key.id, access=key.access and key.access.id, action=action)
        if action == uploads.ACTION:
            success = self.uploads.authorize(request, service, call, key)
        else:
            success = await dynamic_image.generate_dynamic_image(
                request, service, self.uploads, call, key, deadline
            )
        return answer(request.scope, ids_of(request).request_id, action, success)


class SignedRoute(Route):
    """A route that only signed requests take; all others go on to the next."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See `Route`."""
        return super().matches(scope) if speaks(scope) else (Match.NONE, {})


def signed_route(api: SignedApi) -> Route:
    """The signed API as a route of the application."""

    async def signed(request: Request) -> Response:
        return await api(request)

    return SignedRoute("/", signed, methods=["GET", "POST"])


def _action(call: Call) -> str:
    """What is asked for. Raises `AcsRefused` for what there is not."""
    action, version = call.action, call.version
    if action not in VERSIONS:
        raise AcsRefused("InvalidAction.NotFound")
    if version != VERSIONS[action]:
        raise AcsRefused("InvalidVersion", f"Allowed is {VERSIONS[action]}.")
    return action
