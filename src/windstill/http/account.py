"""What a key has left, in the form of the retired platform: an array of credit pools."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from windstill.http.envelope import success
from windstill.http.service import ids_of, service_of

UNLIMITED = 1_000_000_000.0
"""Shown as the balance of a key without a limit, because clients compare it with a price."""


async def query_credits(request: Request) -> Response:
    """`GET`: the balance of the key that the request carries; also a check of the key itself."""
    service = service_of(request)
    key = await service.authenticate(request)
    balance = await service.engine.call(service.engine.keys.balance, key.id)
    limited = balance.granted is not None
    pool = {
        "unique_sign": "common",
        "name": "Universal credits" if limited else "Universal credits (unlimited)",
        "balance": float(balance.left or 0) if limited else UNLIMITED,
        "total": float(balance.granted or 0) if limited else UNLIMITED,
        "last_recharge_balance": float(balance.granted or 0) if limited else UNLIMITED,
        "balance_warning": 0.0,
        "first_buy_time": int(key.created_at),
        "last_update_time": int(key.created_at),
    }
    return success(ids_of(request), data=[pool])
