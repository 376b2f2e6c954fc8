"""Test messages, rules, announcements, canaries, beats, keys, tokens, webhooks: edges."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from alerts.models import Alert, CanaryRun, Channel, Webhook, WebhookCall
from alerts.services import (
    RefusedError,
    announce,
    canary,
    heartbeats,
    raising,
    rounds,
    rules,
    sources,
    trials,
    webhooks,
)
from alerts.services.push_browsers import b64, public_key
from bozhou_eco.accounts.models import User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import NOON, alert, channel, json_channel, raised
from tests.alerts.servers import server
from tests.alerts.test_carriers import Browser, vapid_keys
from tests.alerts.test_rules import START, activated, draft

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
with_rows = pytest.mark.django_db


class Told(list[tuple[str, dict[str, Any]]]):
    """What was pushed to open pages, by group."""

    def publish(self, group: str, message: dict[str, Any]) -> bool:
        self.append((group, message))
        return True


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()
    monkeypatch.setattr(announce.publisher, "publish", made.publish)
    return made


def tried(way: Channel, user: User) -> trials.Trial:
    return trials.try_channel(channel=way, user=user, now=NOON)


@with_rows
def test_a_test_message_to_the_page_says_whether_it_went(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, person = channel("browser", "browser"), factories.user("officer")
    trial = tried(page, person)
    assert (trial.ok, trial.address, trial.error) == (True, "已打开的页面", "")
    (group, message) = told[0]
    assert (group, message["alert"], message["url"]) == (
        f"user.{person.pk}", None, "/alerts/",
    )  # fmt: skip
    monkeypatch.setattr(announce.publisher, "publish", lambda *_: False)
    assert tried(page, person).error == "实时通道不可用"
    details = AuditEntry.objects.filter(act="channel.test").order_by("pk")
    assert [row.detail["ok"] for row in details] == [True, False]


@with_rows
def test_a_test_message_needs_an_address_and_a_registered_browser() -> None:
    person = factories.user("officer")
    push = channel("webpush", "webpush")
    with server() as remote:
        way = json_channel("wecom", remote)
        assert tried(way, person).error == "没有登记地址，或渠道未启用"
        assert not AuditEntry.objects.filter(act="channel.test").exists()
        person.contact_addresses.create(channel=way, address="13900000000")
        trial = tried(way, person)
        assert (trial.ok, trial.error, len(remote.seen)) == (True, "", 1)
        assert "13900000000" not in trial.address
        assert "测试消息" in json.loads(remote.seen[0].body)["message"]
    person.contact_addresses.create(channel=push, address="x")
    assert tried(push, person).error == "此浏览器未登记推送"


@with_rows
def test_a_test_message_is_pushed_to_the_registered_browser() -> None:
    person, browser = factories.user("officer"), Browser()
    push = channel(
        "webpush", "webpush", settings={"subject": "mailto:ops@example.invalid"},
        secret=json.dumps({"private_key": vapid_keys()[0]}),
    )  # fmt: skip
    with server() as remote:
        remote.status = 201
        person.push_subscriptions.create(
            endpoint=f"{remote.url}/1", p256dh=b64(browser.public),
            auth=b64(browser.auth), created_at=NOON,
        )  # fmt: skip
        person.push_subscriptions.create(
            endpoint=f"{remote.url}/0", p256dh="x", auth="x", created_at=NOON,
            gone_at=NOON,
        )  # fmt: skip
        trial = tried(push, person)
        assert (trial.ok, trial.error) == (True, "")
        (seen,) = remote.seen
    assert seen.path == "/1"
    assert browser.read(seen.body)["body"] == trial.text


@with_rows
def test_a_rule_is_reviewed_once_and_runs_only_when_active() -> None:
    version = draft()
    kept = (version.state, version.reviewer_id)
    with pytest.raises(RefusedError, match="起草人不能复核"):
        rules.review_rule(version=version, actor=version.author, now=START)
    assert rules.run_rule(version=version, now=START) == 0
    version.refresh_from_db()
    assert (version.state, version.reviewer_id) == kept
    activated(version)
    before = AuditEntry.objects.count()
    with pytest.raises(RefusedError, match="只有草稿可以复核"):
        rules.review_rule(version=version, actor=factories.user("leader"), now=START)
    assert AuditEntry.objects.count() == before


@with_rows
@pytest.mark.parametrize("days", [0, -1, 367], ids=["empty", "turned", "long"])
def test_a_backtest_spans_a_year_at_most(days: int) -> None:
    version = draft()
    with pytest.raises(RefusedError, match="回溯时段须在一年以内"):
        rules.backtest(
            version=version, start=START, end=START + days * DAY, actor=None, now=START
        )
    assert not version.backtests.exists()


@with_rows
def test_a_flood_of_changes_is_one_reload(told: Told) -> None:
    row = alert(district=factories.district())
    told.clear()
    announce.announce([row.pk] * announce.MOST)
    assert {group for group, _ in told} == {"alerts.all", "alerts.district.652722"}
    told.clear()
    announce.announce([row.pk] * announce.MOST, [row])
    assert told == [("alerts.all", {"type": "alert.reload"})]


@with_rows
def test_a_key_that_stays_contested_is_said_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(raising, "TRIES", 0)
    with pytest.raises(IntegrityError, match="contested: .'a'"):
        raised(key="a")
    assert not Alert.objects.exists()


@with_rows
def test_a_canary_under_way_is_let_be_until_its_time_is_up() -> None:
    run = canary.start_canary(kind="frame", now=NOON)
    assert canary.follow_canaries(now=NOON + canary.LIMIT) == 0
    run.refresh_from_db()
    assert (run.failed, run.finished_at) == (False, None)
    assert canary.follow_canaries(now=NOON + canary.LIMIT + MINUTE) == 1
    assert CanaryRun.objects.get().failed
    assert Alert.objects.get().key == "canary-lost:frame"


class Connection:
    """A connection to a database that is away."""

    def __init__(self, inside: bool) -> None:
        self.in_atomic_block, self.closed = inside, 0

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(("inside", "closed"), [(False, 1), (True, 0)])
def test_a_lost_beat_gives_its_connection_up_but_in_a_transaction(
    monkeypatch: pytest.MonkeyPatch, inside: bool, closed: int
) -> None:
    def away(**_: object) -> None:
        raise OperationalError("server closed the connection")

    connection = Connection(inside)
    monkeypatch.setattr(heartbeats, "beat", away)
    monkeypatch.setattr(heartbeats, "connection", connection)
    assert heartbeats.Pulse("loop", "回路").give() is False
    assert connection.closed == closed


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "{",
        "{}",
        json.dumps({"private_key": b64(b"x" * 31)}),
        '{"private_key": "é"}',
    ],
    ids=["none", "no-json", "no-key", "short", "no-base64"],
)
def test_a_channel_without_a_whole_key_gives_browsers_none(secret: str) -> None:
    assert public_key(Channel(secret=secret)) == ""


@with_rows
def test_without_time_nothing_is_delivered() -> None:
    row = alert(now=clock.now())
    assert rounds.deliver(longest_s=0.0) == 0
    assert row.events.filter(told_at=None, tell=True).count() == 1
    rounds.deliver(longest_s=30.0)
    assert not row.events.filter(told_at=None, tell=True).exists()


@with_rows
def test_guessed_tokens_do_not_fill_the_memory() -> None:
    known = sources._Known()
    source, token = sources.add_source(
        code="dust", name="扬尘", kinds=[], actor=None, now=NOON
    )
    known._rows = {str(n): (0.0, None) for n in range(1001)}
    assert known.find("guess") is None
    assert len(known._rows) == 1
    assert known.find(token) == source
    assert len(known._rows) == 2


@with_rows
@pytest.mark.parametrize(
    ("status", "attempts", "state"),
    [(410, 0, "failed"), (500, 11, "failed"), (500, 10, "waiting")],
    ids=["gone", "last-try", "again"],
)
def test_a_webhook_gives_up_when_it_is_gone_or_tried_enough(
    status: int, attempts: int, state: str
) -> None:
    with server() as remote:
        remote.status = status
        hook = Webhook.objects.create(
            name="州", url=remote.url, secret="s" * 32, enabled=True
        )
        call = WebhookCall.objects.create(
            webhook=hook, event=alert().events.get(), payload={"a": 1}, due_at=NOON,
            created_at=NOON, attempts=attempts,
        )  # fmt: skip
        assert webhooks.send_calls(now=NOON) == 1
        call.refresh_from_db()
        assert (call.state, call.status, call.attempts) == (state, status, attempts + 1)
        assert (call.done_at is not None) == (state == "failed")
        assert webhooks.send_calls(now=NOON) == 0
        assert len(remote.seen) == 1
