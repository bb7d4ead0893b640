"""The addresses of the native API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from windstill.http.native import animations, catalogue, events, previews

Handler = Callable[[Request], Awaitable[Response]]


def _resource(path: str, **handlers: Handler) -> Route:
    """One address with a handler for each method, so that a wrong one is told all right ones."""
    by_method = {method.upper(): handler for method, handler in handlers.items()}

    async def dispatch(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await by_method[method](request)

    return Route(path, dispatch, methods=list(by_method))


ROUTES = (
    _resource("/v1/animations", get=animations.listing, post=animations.create),
    _resource("/v1/animations/{id}", get=animations.show, delete=animations.cancel),
    _resource("/v1/animations/{id}/events", get=events.events),
    _resource("/v1/previews", post=previews.create),
    _resource("/v1/mattes", post=previews.find_mattes),
    _resource("/v1/webhook-secret", get=animations.webhook_secret),
    _resource("/v1/options", get=catalogue.options),
)
