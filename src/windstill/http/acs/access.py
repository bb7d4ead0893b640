"""Who may call: the key pair, the signature, the date and the nonce of a request, in this order.

A nonce is used up only by a signature that is right, so that nobody else can use it up.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool

from windstill.http.acs.call import Call
from windstill.http.acs.refusals import AcsRefused
from windstill.http.acs.signatures import Claim, claim_of
from windstill.jobs.access import AccessRing
from windstill.jobs.accounts import Key

WINDOW = 15 * 60
"""Seconds by which a request's date may differ from the service's clock, to either side."""
NONCE_SECONDS = 31 * 60
"""A request that is dated a window ahead can be sent again for two windows; and a minute more."""

_MAX_NONCE = 128
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def authenticate(call: Call, ring: AccessRing, now: float) -> Key:
    """The key that signed a request. Raises `AcsRefused`, each time with the documented code."""
    claim = claim_of(call)
    if "x-acs-security-token" in call.headers or call.parameters.get("SecurityToken"):
        raise AcsRefused("InvalidSecurityToken.NotFound")
    key = await run_in_threadpool(ring.find, claim.access_id)
    if key is None:
        raise AcsRefused("InvalidAccessKeyId.NotFound")
    secrets = ring.secrets_of(key)
    if key.revoked or not secrets:
        raise AcsRefused("InvalidAccessKeyId.Inactive")
    if not any(claim.signed_by(secret) for secret in secrets):
        raise AcsRefused("SignatureDoesNotMatch", string_to_sign=claim.string_to_sign)
    _check_date(claim, now)
    await _use_nonce(claim, ring)
    return key


def _check_date(claim: Claim, now: float) -> None:
    if not claim.date:
        raise AcsRefused("Missing{name}", name="Timestamp")
    try:
        if not _DATE.fullmatch(claim.date):
            raise ValueError
        date = datetime.fromisoformat(claim.date).replace(tzinfo=UTC)
    except ValueError:
        raise AcsRefused("InvalidTimeStamp.Format", "Allowed is YYYY-MM-DDThh:mm:ssZ.") from None
    if abs(date.timestamp() - now) > WINDOW:
        raise AcsRefused("InvalidTimeStamp.Expired")


async def _use_nonce(claim: Claim, ring: AccessRing) -> None:
    nonce = claim.nonce
    if not nonce:
        raise AcsRefused("Missing{name}", name="SignatureNonce")
    if len(nonce) > _MAX_NONCE or not (nonce.isascii() and nonce.isprintable()):
        raise AcsRefused(
            "InvalidParameter",
            f"It has 1 to {_MAX_NONCE} printable characters.",
            name="SignatureNonce",
        )
    if not await run_in_threadpool(ring.use_nonce, claim.access_id, nonce, NONCE_SECONDS):
        raise AcsRefused("SignatureNonceUsed")
