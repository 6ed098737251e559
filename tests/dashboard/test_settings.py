import hashlib

import pytest
from pydantic import ValidationError

from services.dashboard.__main__ import accounts_of
from services.dashboard.people import Role
from services.dashboard.settings import Settings

NEEDED = {"customers_address": "c:1", "telephony_address": "t:1", "redis_url": "redis://r"}


def settings(**values: object) -> Settings:
    return Settings.model_validate(NEEDED | values)


def test_in_production_somebody_must_be_able_to_sign_in() -> None:
    with pytest.raises(ValidationError, match="DASHBOARD_ADMIN_PASSWORD or DASHBOARD_USERS"):
        settings()
    with pytest.raises(ValidationError, match="12 characters"):
        settings(dashboard_admin_password="short")
    assert set(accounts_of(settings(dashboard_admin_password="long enough for it"))) == {"admin"}


def test_in_development_a_password_is_made_up_and_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    first = accounts_of(settings(environment="development"))
    printed = capsys.readouterr()
    assert printed.err.startswith("Sign in as admin with the password ")
    assert not printed.out
    assert first["admin"].role is Role.ADMIN
    assert first["admin"].password_hash != accounts_of(settings(environment="development"))["admin"].password_hash


def test_users_and_tokens_come_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(b"token").hexdigest()
    for name, value in NEEDED.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("DASHBOARD_USERS", '{"meera": {"role": "operator", "password_hash": "scrypt$2$8$3$AA==$AA=="}}')
    monkeypatch.setenv("DASHBOARD_API_TOKENS", f'{{"{digest}": "viewer"}}')
    read = Settings()
    assert accounts_of(read)["meera"].role is Role.OPERATOR
    assert "admin" not in accounts_of(read)
    assert read.dashboard_api_tokens == {digest: Role.VIEWER}
    assert "scrypt" not in repr(read)


@pytest.mark.parametrize("digest", ["token", "A" * 64, "a" * 63])
def test_a_token_that_is_no_hash_is_refused(digest: str) -> None:
    with pytest.raises(ValidationError):
        settings(dashboard_admin_password="long enough for it", dashboard_api_tokens={digest: "viewer"})
