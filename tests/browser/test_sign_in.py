import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from playwright.sync_api import expect

from bozhou_eco.accounts.models import Role
from tests import factories
from tests.browser.conftest import Opener

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time() // 30)))


def test_password_and_totp_lead_to_the_overview(visit: Opener) -> None:
    user = factories.user(Role.OFFICER)
    TOTP.activate(user, SECRET)
    page = visit("/")
    page.get_by_label("用户名").fill(user.username)
    page.get_by_label("密码").fill("a-long-test-password")
    page.get_by_role("button", name="登录", exact=True).click()
    page.locator("#id_code").fill(code_of(SECRET))
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", name="全州一张图")).to_be_visible()


@pytest.mark.parametrize("code", ["000000", "abc"])
def test_wrong_code_is_refused(visit: Opener, code: str) -> None:
    user = factories.user(Role.OFFICER)
    TOTP.activate(user, SECRET)
    page = visit("/")
    page.get_by_label("用户名").fill(user.username)
    page.get_by_label("密码").fill("a-long-test-password")
    page.get_by_role("button", name="登录", exact=True).click()
    page.locator("#id_code").fill(code)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator(".err").first).to_be_visible()
    expect(page.get_by_role("heading", name="全州一张图")).to_have_count(0)
