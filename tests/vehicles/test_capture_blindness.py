"""Whoever judges a capture next can read nowhere what was said of it before."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from redis.exceptions import RedisError

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.models import Capture, Review, Vehicle
from vehicles.selectors import captures as reads
from vehicles.services import looked
from vehicles.services.bundles import capture_record
from vehicles.services.review_evidence import needed_evidence
from vehicles.services.reviews import (
    Given,
    give_review,
    settle_reviews,
)

pytestmark = pytest.mark.django_db
NOW = make.NOW
STEP = timedelta(seconds=11)
SECRET, OTHER_PLATE = "车尾排气口可见", "新E0K73Z"


def signed_in(*roles: Role) -> Client:
    client = Client()
    client.force_login(user(*roles))
    return client


def everywhere(capture: Capture) -> list[str]:
    """Every address that tells a reviewer of a capture."""
    vehicle, _ = Vehicle.objects.get_or_create(
        plate="新E0K73X", plate_color="yellow", near_key="x"
    )
    return [
        reverse("vehicles:review"),
        reverse("vehicles:review_panel", args=[capture.pk]),
        reverse("vehicles:capture", args=[capture.pk]),
        reverse("vehicles:capture_evidence", args=[capture.pk]),
        reverse("vehicles:captures"),
        reverse("vehicles:file", args=[vehicle.pk]),
        reverse("vehicles:review_agreement"),
        reverse("api-captures"),
        reverse("api-captures") + "?queue=1",
        "/alerts/",
        "/",
    ]


def first_judged() -> Capture:
    capture = make.capture()
    given = Given(
        "smoke", 5, OTHER_PLATE, "yellow", note=SECRET, opened=needed_evidence(capture)
    )
    give_review(capture=capture, actor=user(Role.REVIEWER), given=given, now=NOW)
    settle_reviews(now=NOW + STEP)
    capture.refresh_from_db()
    assert capture.state == Capture.State.SECOND
    return capture


def test_the_second_reviewer_finds_the_first_opinion_nowhere() -> None:
    capture = first_judged()
    client = signed_in(Role.REVIEWER)
    for address in everywhere(capture):
        page = client.get(address)
        assert page.status_code == 200, address
        text = page.content.decode()
        assert SECRET not in text, address
        assert OTHER_PLATE not in text, address
    figures = client.get(reverse("vehicles:review_agreement")).context
    assert not list(figures["people"]), "one judgement counted tells what it was"
    assert figures["agreement"].pairs == 0
    refused = client.get(reverse("vehicles:capture_bundle", args=[capture.pk]))
    assert refused.status_code == 403
    assert client.get("/audit/").status_code in (403, 404)


def test_a_bundle_names_opinions_once_they_are_settled() -> None:
    capture = first_judged()
    record = capture_record(capture)
    assert (record["settled"], record["reviews"]) == (False, [])
    answer = signed_in(Role.OFFICER).get(
        reverse("vehicles:capture_bundle", args=[capture.pk])
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        inside = archive.read("records.json").decode()
    assert SECRET not in inside
    assert json.loads(inside)["reviews"] == []
    give_review(
        capture=capture,
        actor=user(Role.REVIEWER),
        given=Given("smoke", 4, OTHER_PLATE, "yellow", opened=needed_evidence(capture)),
        now=NOW + STEP,
    )
    settle_reviews(now=NOW + 2 * STEP)
    capture.refresh_from_db()
    told = capture_record(capture)["reviews"]
    assert [one["plate"] for one in told] == [OTHER_PLATE] * 2


def read_again() -> Capture:
    capture = make.capture()
    for number in (1, 2):
        Review.objects.create(
            capture=capture, round=number, reviewer=user(Role.REVIEWER),
            verdict="not_smoke", note=SECRET, at=NOW,
        )  # fmt: skip
    Capture.objects.filter(pk=capture.pk).update(
        state="rejected", reread=True, decided_at=NOW
    )
    capture.refresh_from_db()
    return capture


def test_a_capture_that_is_read_again_looks_like_a_new_one() -> None:
    capture, reader = read_again(), user(Role.REVIEWER)
    client = Client()
    client.force_login(reader)
    assert reads.waits_for(capture, reader)
    for address in everywhere(capture):
        text = client.get(address).content.decode()
        assert SECRET not in text, address
        if address.startswith(("/vehicles/files/", "/api/")):
            assert "不是黑烟" not in text, address
            assert "rejected" not in text, address
    page = client.get(reverse("vehicles:capture", args=[capture.pk])).content.decode()
    assert "待初审" in page
    assert "互不可见" in page
    for state, shown in (("first", [capture]), ("rejected", []), ("", [capture])):
        assert list(reads.filtered(reads.captures_for(reader), {"state": state})) == (
            shown
        )
        told = client.get(reverse("api-captures"), {"state": state}).json()["results"]
        assert [one["state"] for one in told] == ["first"] * len(shown)
    assert not list(client.get(reverse("vehicles:review_agreement")).context["people"])
    assert client.get(
        reverse("vehicles:capture_bundle", args=[capture.pk])
    ).status_code == (403)
    Capture.objects.filter(pk=capture.pk).update(reread=False)
    page = client.get(reverse("vehicles:capture", args=[capture.pk])).content.decode()
    assert SECRET in page
    assert client.get(reverse("vehicles:review_agreement")).context["people"]


def test_an_asked_for_capture_opens_however_long_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vehicles.views.reviews.QUEUE_SIZE", 1)
    make.capture(level_value=5.0)
    asked = make.capture(at=NOW + timedelta(minutes=9), level_value=1.0)
    client = signed_in(Role.REVIEWER)
    page = client.get(reverse("vehicles:review"), {"capture": asked.pk})
    assert page.context["chosen"] == asked
    assert 'id="waiting">2</span>' in page.content.decode()
    for nonsense in ("x", "9" * 40, "-1"):
        page = client.get(reverse("vehicles:review"), {"capture": nonsense})
        assert page.context["chosen"] != asked


# --- two people at once -----------------------------------------------------------------
def test_two_reviewers_are_led_to_different_captures() -> None:
    upper = make.capture(level_value=5.0)
    lower = make.capture(at=NOW + timedelta(minutes=9), level_value=1.0)
    one, other = signed_in(Role.REVIEWER), signed_in(Role.REVIEWER)
    looker = signed_in(Role.OFFICER)
    queue = reverse("vehicles:review")
    assert looker.get(queue).context["chosen"] == upper
    assert one.get(queue).context["chosen"] == upper, "who only looks holds nothing"
    second = other.get(queue)
    assert second.context["chosen"] == lower
    panel = reverse("vehicles:review_panel", args=[upper.pk])
    hold = reverse("vehicles:review_hold", args=[upper.pk])
    name = one.get(queue).wsgi_request.user.name
    for client in (other, looker):
        assert client.get(panel).context["holder"] == name
        assert client.post(hold).json() == {"by": name}
    give = reverse("vehicles:review_give", args=[lower.pk])
    answer = other.post(give, {"verdict": "unclear"}).json()
    assert answer["next"] == upper.pk, "held or not, it is all that is left"
    away = reverse("vehicles:review_panel", args=[lower.pk])
    one.get(away, {"leaving": str(upper.pk)})
    assert other.post(hold).json() == {"by": ""}
    assert one.post(hold).json()["by"] != ""


def test_what_was_judged_is_held_no_longer() -> None:
    capture = make.capture()
    one, other = signed_in(Role.REVIEWER), signed_in(Role.REVIEWER)
    hold = reverse("vehicles:review_hold", args=[capture.pk])
    one.get(reverse("vehicles:review_panel", args=[capture.pk]))
    one.post(
        reverse("vehicles:review_give", args=[capture.pk]), {"verdict": "not_smoke"}
    )
    assert one.post(hold).json() == {"by": ""}, "a page left open beats on"
    settle_reviews(now=clock.now() + STEP)
    assert other.get(hold.replace("hold/", "")).context["holder"] == ""


# --- what was really looked at ----------------------------------------------------------
def test_a_verdict_cannot_claim_to_have_seen_what_was_never_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capture = make.capture()
    one, other = signed_in(Role.REVIEWER), signed_in(Role.REVIEWER)
    give = reverse("vehicles:review_give", args=[capture.pk])
    names = needed_evidence(capture)
    said = {
        "verdict": "smoke", "level": "3", "plate": "新E0K73X", "color": "yellow",
        "opened": ",".join(names),
    }  # fmt: skip
    files = {
        f"{row.kind}-{row.place}": reverse(
            "vehicles:capture_file", args=[capture.pk, row.pk]
        )
        for row in capture.files.all()
    }
    for name in names:
        refused = one.post(give, said)
        assert (refused.status_code, Review.objects.count()) == (409, 0)
        assert "请先查看" in refused.json()["detail"]
        assert one.get(files[name]).status_code == 200
    assert other.post(give, said).status_code == 409, "what another person saw"
    assert one.post(give, said).status_code == 200
    assert Review.objects.get().opened == names

    def gone(*_: object, **__: object) -> None:
        raise RedisError

    for method in ("get_many", "set"):
        monkeypatch.setattr(f"vehicles.services.looked.cache.{method}", gone)
    made = looked.really_opened(capture_id=1, user=user(Role.REVIEWER), names=names)
    assert made == names
    looked.note_look(one=capture.files.first(), user=user(Role.REVIEWER))
