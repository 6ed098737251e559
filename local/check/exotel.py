"""Exotel: our account there, and our addresses as its flow asks for them. Nobody is called."""

from typing import Final

import httpx

from local.check.report import Report, Stop
from services.telephony.exotel import exotel_client
from services.telephony.settings import Settings

WITHIN_S: Final = 10.0
_ACCOUNT: Final = {
    401: "EXOTEL_API_KEY or EXOTEL_TOKEN is refused",
    403: "the account may not do this: is KYC done, is EXOTEL_API_BASE that of the account's region?",
    404: "EXOTEL_SID is not known at EXOTEL_API_BASE",
}


async def check_exotel(report: Report) -> None:
    """Ask Exotel for the account's last call, and our own addresses for what its flow would ask."""
    settings = report.settings(Settings)
    async with exotel_client(
        str(settings.exotel_api_base),
        settings.exotel_api_key.get_secret_value(),
        settings.exotel_token.get_secret_value(),
    ) as client:
        await _ask_for_the_account(report, client, settings)
    base = str(settings.base_url).rstrip("/")
    if not base.startswith("https://") and settings.environment == "production":
        report.bad("look at BASE_URL", "it must be https: Exotel opens no other socket")
    async with httpx.AsyncClient(base_url=base, timeout=WITHIN_S, follow_redirects=False) as client:
        await _ask_ourselves(report, client, settings.webhook_secret.get_secret_value())


async def _ask_for_the_account(report: Report, client: httpx.AsyncClient, settings: Settings) -> None:
    tried = "ask Exotel for the account's last call"
    try:
        answer = await client.get(
            f"/v1/Accounts/{settings.exotel_sid}/Calls.json", params={"PageSize": "1"}, timeout=WITHIN_S
        )
    except httpx.HTTPError as error:
        report.bad(tried, f"{settings.exotel_api_base} does not answer ({type(error).__name__})")
        return
    if answer.is_success:
        report.good(tried, f"HTTP {answer.status_code}")
    else:
        report.bad(tried, f"HTTP {answer.status_code}: {_ACCOUNT.get(answer.status_code, 'see Exotel')}")


async def _ask_ourselves(report: Report, client: httpx.AsyncClient, secret: str) -> None:
    tried = "ask BASE_URL for a socket's address, as the Voicebot applet does"
    query = {"CallSid": "check", "CustomField": "check"}
    try:
        answer = await client.get(f"/ws-url/{secret}", params=query)
        url = str(answer.json().get("url", "")) if answer.is_success else ""
        if url.startswith(("wss://", "ws://")):
            report.good(tried, f"a {url.split(':')[0]}:// address")
        else:
            report.bad(tried, f"HTTP {answer.status_code}: is WEBHOOK_SECRET the one that telephony has?")
        answer = await client.get(f"/passthru-handler/{secret}", params=query)
        _expect(report, "ask Passthru about a call that nobody knows", answer.status_code, 302, "an agent may be rung")
        answer = await client.get("/passthru-handler/not-the-secret", params=query)
        _expect(report, "ask Passthru with a wrong secret", answer.status_code, 403, "strangers are let in")
    except (httpx.HTTPError, ValueError) as error:
        report.bad(tried, f"BASE_URL does not answer as telephony does ({type(error).__name__})")
        raise Stop from None


def _expect(report: Report, tried: str, found: int, right: int, otherwise: str) -> None:
    if found == right:
        report.good(tried, f"HTTP {found}, as it should be")
    else:
        report.bad(tried, f"HTTP {found} and not {right}: {otherwise}")
