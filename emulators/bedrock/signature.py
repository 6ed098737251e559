"""Checks AWS Signature Version 4, as far as a client can get it wrong."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from aiohttp import web

from emulators.bedrock.errors import Refusal

_SERVICE: Final = "bedrock"
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_STALE: Final = timedelta(minutes=5)


def check_signature(
    request: web.Request, body: bytes, *, region: str, now: datetime, secrets: Mapping[str, str]
) -> None:
    """Refuse a request that is not signed for this service and region, now: `Refusal` 403.

    Args:
        request: the request, whose raw path counts.
        body: its body.
        region: where the emulator stands.
        now: present, aware.
        secrets: secret access keys by access key id; the signature itself is checked for these alone. Empty: any
            access key is let in.
    """
    authorization = request.headers.get("Authorization", "")
    if authorization.startswith("Bearer ") and len(authorization) > len("Bearer "):
        return
    if not authorization:
        raise Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    if not (parts := _AUTHORIZATION.fullmatch(authorization)):
        raise Refusal(403, "IncompleteSignatureException", "The Authorization header is no AWS signature.")
    if (parts["service"], parts["region"]) != (_SERVICE, region):
        wrong = f"Credential should be scoped to service {_SERVICE} and region {region}."
        raise Refusal(403, "InvalidSignatureException", wrong)
    stamp = request.headers.get("X-Amz-Date", "")
    if not _is_fresh(stamp, now):
        raise Refusal(403, "InvalidSignatureException", "Signature expired or not yet current.")
    if not secrets:
        return
    if parts["key"] not in secrets:
        raise Refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    expected = _sign(request, body, parts, stamp, secrets[parts["key"]])
    if not hmac.compare_digest(expected, parts["signature"]):
        raise Refusal(403, "InvalidSignatureException", "The request signature does not match.")


def _is_fresh(stamp: str, now: datetime) -> bool:
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(now - signed) <= _STALE


def _sign(request: web.Request, body: bytes, parts: re.Match[str], stamp: str, secret: str) -> str:
    path = request.raw_path.partition("?")[0]
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in parts["headers"].split(";"))
    digest = hashlib.sha256(body).hexdigest()
    # The path, which is encoded already, is encoded once more: only S3 does without.
    canonical = "\n".join([request.method, quote(path, safe="/-_.~"), "", headers, parts["headers"], digest])
    scope = f"{parts['day']}/{parts['region']}/{_SERVICE}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for step in (parts["day"], parts["region"], _SERVICE, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()
