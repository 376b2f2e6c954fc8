"""A channel in a browser: live pictures move, the curve's time follows, pausing stops."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import expect

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common.video import encode
from polluters.models import VideoChannel
from tests import factories
from tests.browser.conftest import Opener, violations

LIMIT_MS = 30_000
SEVERAL = re.compile(r"^([3-9]|\d\d+)$")


def test_live_pictures_move_and_stop(
    visit: Opener, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    pictures = (np.full((90, 160, 3), 20 * n, np.uint8) for n in range(10))
    encode(tmp_path / "loop.mp4", pictures, rate=5)
    channel = VideoChannel.objects.create(
        outlet=factories.outlet(), name="全景", place="outlet", protocol="file",
        file="loop.mp4",
    )  # fmt: skip
    page = visit(f"/polluters/video/{channel.pk}/", factories.user(Role.OFFICER))
    page.get_by_role("button", name="实时", exact=True).click()
    box = page.locator("#live-box")
    expect(box).to_have_attribute("data-shown", SEVERAL, timeout=LIMIT_MS)
    expect(page.locator("#clip-time")).not_to_have_text("—")
    assert page.evaluate("document.querySelector('#live').width") == 160
    assert violations(page) == []
    page.locator("#live-pause").click()
    expect(page.locator("#live-pause")).to_have_attribute("aria-pressed", "true")
    before = box.get_attribute("data-shown") or ""
    page.locator("#live-pause").click()
    expect(box).not_to_have_attribute("data-shown", before, timeout=LIMIT_MS)
    assert AuditEntry.objects.filter(act="video.live").exists()
    page.get_by_role("button", name="回看").click()
    expect(page.locator("#clip")).to_be_visible()
    expect(box).to_be_hidden()
