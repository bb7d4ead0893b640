"""The two ways in which clients sign, as pure functions.

ACS3 signs the request as it is sent, in the header Authorization:

    canonical      = method \\n path \\n query \\n headers \\n signed names \\n hex(SHA256(body))
    string to sign = "ACS3-HMAC-SHA256" \\n hex(SHA256(canonical))
    signature      = hex(HMAC-SHA256(secret, string to sign))

RPC signs all parameters, wherever they are, in the parameter Signature:

    string to sign = method & %2F & encoded(sorted parameters, joined by = and &)
    signature      = base64(HMAC-SHA1(secret & "&", string to sign))

Source: the vendor's documents of its V3 and V2 signatures.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

from windstill.http.acs.call import Call
from windstill.http.acs.refusals import AcsRefused

ACS3 = "ACS3-HMAC-SHA256"
RPC_METHODS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
"""HMAC-SHA256 is no client's and in no document; it costs nothing to accept."""

_ACS3_HEADER = re.compile(
    r"(ACS3-[A-Z0-9-]{1,40}) +Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-fA-F]+)"
)


@dataclass(frozen=True)
class Claim:
    """What a request says of who signed it, and how to tell.

    access_id: the public half of the access key pair. date, nonce: as sent, if they were.
    sign: from a secret to the only right signature.
    """

    access_id: str
    string_to_sign: str
    date: str | None
    nonce: str | None
    signature: str = field(repr=False)
    sign: Callable[[str], str] = field(repr=False)

    def signed_by(self, secret: str) -> bool:
        """Whether `secret` made the signature; in constant time."""
        # Compared as bytes: compare_digest takes no text beyond ASCII.
        return hmac.compare_digest(self.sign(secret).encode(), self.signature.encode())


def claim_of(call: Call) -> Claim:
    """Who a request claims to be from. Raises `AcsRefused` when it is not signed as a whole."""
    return _acs3(call) if call.acs3 else _rpc(call)


def encoded(text: str) -> str:
    """Percent-encoding of all but letters, digits and - _ . ~ (RFC 3986, 2.3)."""
    return quote(text, safe="-_.~")


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Parameters sorted by name, encoded, and joined."""
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(pairs))


def _acs3(call: Call) -> Claim:
    match = _ACS3_HEADER.fullmatch(call.headers["authorization"].strip())
    if match is None:
        raise AcsRefused("IncompleteSignature")
    algorithm, access_id, names, signature = match.groups()
    if algorithm != ACS3:
        raise AcsRefused("InvalidSignatureMethod", f"Allowed is {ACS3}.")
    signed = names.split(";")
    unsigned = {"host", *(name for name in call.headers if name.startswith("x-acs-"))}
    unsigned -= set(signed)
    if unsigned:
        raise AcsRefused("IncompleteSignature", f"Unsigned: {', '.join(sorted(unsigned))[:200]}.")
    canonical = "\n".join(
        (
            call.method,
            call.path,
            canonical_query(call.query),
            "".join(f"{name}:{call.headers.get(name, '').strip()}\n" for name in signed),
            names,
            sha256(call.body).hexdigest(),
        )
    )
    string_to_sign = f"{ACS3}\n{sha256(canonical.encode()).hexdigest()}"
    return Claim(
        access_id=access_id,
        string_to_sign=string_to_sign,
        date=call.headers.get("x-acs-date"),
        nonce=call.headers.get("x-acs-signature-nonce"),
        signature=signature.lower(),
        sign=lambda secret: hmac.digest(secret.encode(), string_to_sign.encode(), "sha256").hex(),
    )


def _rpc(call: Call) -> Claim:
    given = call.parameters
    access_id = call.required("AccessKeyId")
    digest = RPC_METHODS.get(given.get("SignatureMethod", ""))
    if digest is None:
        raise AcsRefused("InvalidSignatureMethod", "Allowed is HMAC-SHA1.")
    if given.get("SignatureVersion") != "1.0":
        raise AcsRefused("InvalidSignatureVersion", "Allowed is 1.0.")
    signature = call.required("Signature")
    pairs = ((name, value) for name, value in given.items() if name != "Signature")
    string_to_sign = f"{call.method}&%2F&{encoded(canonical_query(pairs))}"

    def sign(secret: str) -> str:
        made = hmac.digest(f"{secret}&".encode(), string_to_sign.encode(), digest)
        return base64.b64encode(made).decode()

    return Claim(
        access_id=access_id,
        string_to_sign=string_to_sign,
        date=given.get("Timestamp"),
        nonce=given.get("SignatureNonce"),
        signature=signature,
        sign=sign,
    )
