import pytest

from services.dashboard.passwords import hash_password, verify
from services.dashboard.people import Role
from tests.dashboard.stand import PASSWORD, Stand


async def test_who_signs_in_is_known_by_a_cookie_that_scripts_cannot_read(stand: Stand) -> None:
    browser = await stand.browser()
    answer = await browser.sign_in("operator")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    me = await browser.get_json("/me")
    assert (me["name"], me["role"]) == ("operator", "operator")


async def test_nothing_that_is_kept_would_let_its_reader_sign_in(stand: Stand) -> None:
    browser = await stand.browser()
    answer = await browser.sign_in("admin")
    token = answer.cookies["session"].value
    assert token not in str(stand.memory.sign_ins)


@pytest.mark.parametrize(
    ("name", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("", ""), ("admin", "x" * 200)]
)
async def test_a_wrong_name_or_password_is_told_in_the_same_words(stand: Stand, name: str, password: str) -> None:
    browser = await stand.browser()
    answer = await browser.sign_in(name, password)
    assert answer.status == 401
    assert "The name or the password is wrong." in await answer.text()
    assert not stand.memory.sign_ins


async def test_the_name_that_was_typed_stands_in_the_form_again_and_can_be_no_markup(stand: Stand) -> None:
    browser = await stand.browser()
    for _ in range(11):  # the last is told to wait
        answer = await browser.sign_in('"><b>asha', "wrong")
        text = await answer.text()
        assert 'value="&quot;&gt;&lt;b&gt;asha"' in text
        assert 'wrong"' not in text
    assert answer.status == 429


async def test_after_ten_attempts_one_has_to_wait_even_with_the_right_password(stand: Stand) -> None:
    browser = await stand.browser()
    for _ in range(10):
        assert (await browser.sign_in("admin", "wrong")).status == 401
    assert (await browser.sign_in("admin")).status == 429


async def test_a_form_without_its_fields_is_refused(stand: Stand) -> None:
    browser = await stand.browser()
    answer = await browser.send("POST", "/login", data={"name": "admin"})
    assert answer.status == 400


async def test_who_signs_out_is_out_with_a_stolen_cookie_too(stand: Stand) -> None:
    browser = await stand.signed_in()
    cookies = browser.client.session.cookie_jar.filter_cookies(stand.server.make_url("/"))
    stolen = {"Cookie": f"session={cookies['session'].value}"}
    thief = await stand.browser()
    assert (await thief.get("/me", headers=stolen)).status == 200
    assert (await browser.send("POST", "/logout")).status == 200
    assert (await thief.get("/me", headers=stolen)).status == 401
    assert (await browser.get("/me")).status == 401


async def test_nobody_stays_signed_in_for_ever(stand: Stand) -> None:
    browser = await stand.signed_in()
    stand.clock.turn(hours=11, minutes=59)
    await browser.get_json("/me")
    stand.clock.turn(minutes=2)
    await browser.get_json("/me", 401)
    assert not stand.memory.sign_ins


async def test_each_sign_in_has_its_own_tokens(stand: Stand) -> None:
    first, second = await stand.signed_in(Role.ADMIN), await stand.signed_in(Role.ADMIN)
    assert first.csrf != second.csrf
    second.csrf = first.csrf
    assert (await second.send("POST", "/logout")).status == 403


async def test_without_redis_nobody_is_let_in_and_the_answer_says_why(stand: Stand) -> None:
    browser = await stand.signed_in()
    stand.memory.down = True
    assert (await browser.get_json("/me", 503))["error"]["code"] == "UNAVAILABLE"


async def test_a_password_is_known_by_its_hash_alone() -> None:
    hashed = hash_password(PASSWORD)
    assert PASSWORD not in hashed
    assert await verify(PASSWORD, hashed)
    assert not await verify(PASSWORD + " ", hashed)
    assert hash_password(PASSWORD, n=2) != hash_password(PASSWORD, n=2)
