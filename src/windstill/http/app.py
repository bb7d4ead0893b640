"""The application: every route in one table, inside the boundary."""

from __future__ import annotations

import sys

from starlette.datastructures import State
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from windstill.http import health, pages, static
from windstill.http.account import query_credits
from windstill.http.acs.route import SignedApi, signed_route
from windstill.http.acs.uploads import Uploads
from windstill.http.boundary import Boundary
from windstill.http.connections import Connections, proxies_of
from windstill.http.files import deliver
from windstill.http.guard import Guard, networks_of
from windstill.http.loop.route import loop_routes
from windstill.http.metrics import Metrics
from windstill.http.micro_motion import image_fine_tuning
from windstill.http.native.courier import Courier
from windstill.http.native.routes import ROUTES as NATIVE_ROUTES
from windstill.http.pace import Pace
from windstill.http.service import Service
from windstill.http.tasks import query_async_task_result
from windstill.http.uploads import Fetches, UploadMemory, upload_memory
from windstill.jobs.access import AccessRing
from windstill.jobs.engine import Engine
from windstill.opening import FILES_URL, access_secret, webhook_secret
from windstill.settings import Settings

ROUTES = (
    Route("/api/image/effects/image-fine-tuning", image_fine_tuning, methods=["POST"]),
    Route("/image/enhance/image_micro_motion", image_fine_tuning, methods=["POST"]),
    Route("/api/common/query-credits", query_credits, methods=["GET"]),
    Route("/api/common/query-async-task-result", query_async_task_result, methods=["GET"]),
    *NATIVE_ROUTES,
    Route(FILES_URL + "{name:path}", deliver, methods=["GET"]),
    Route("/livez", health.livez, methods=["GET"]),
    Route("/readyz", health.readyz, methods=["GET"]),
    Route("/metrics", health.metrics, methods=["GET"]),
    Route("/openapi.json", pages.openapi, methods=["GET"]),
    Route("/docs", pages.docs, methods=["GET"]),
    Route("/static/{name:path}", static.static, methods=["GET"]),
    Route("/", static.page, methods=["GET"]),
)


class Application:
    """The ASGI application of one service. `engine` must be started and stopped by the caller."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.state = State()
        guard = Guard(networks_of(settings.reachable_networks))
        self.service = Service(
            settings=settings,
            engine=engine,
            guard=guard,
            connections=Connections(
                settings.max_connections,
                settings.max_connections_per_address,
                proxies_of(settings.trusted_proxies),
            ),
            uploads=UploadMemory(upload_memory(settings)),
            fetches=Fetches(),
            courier=_courier(settings, engine, guard),
            metrics=Metrics(engine),
            # How many run elsewhere isn't known: there the length of the queue alone decides.
            pace=Pace(slots=engine.stats().slots or sys.maxsize, patience=settings.answer_seconds),
        )
        self.state.service = self.service
        # Slashes are not redirected: a redirect is no answer that clients of the API know.
        loops = loop_routes(settings, engine)
        signed = () if settings.acs_api == "off" else (signed_route(_signed_api(settings, engine)),)
        router = Router((*signed, *loops, *ROUTES), redirect_slashes=False)
        self._boundary = Boundary(router, self.service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        scope["app"] = self
        await self._boundary(scope, receive, send)


def _signed_api(settings: Settings, engine: Engine) -> SignedApi:
    secret = access_secret(settings)
    return SignedApi(AccessRing(engine.keys, secret), Uploads(secret))


def _courier(settings: Settings, engine: Engine, guard: Guard) -> Courier | None:
    if not settings.webhooks:
        return None
    return Courier(engine, guard, webhook_secret(settings))
