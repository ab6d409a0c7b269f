"""What senders really write: a problem and its end are one alert, as bad as the sender says, and different problems are two."""

import json
from typing import Any

import pytest

from bot.domain.signal import Kind, Severity, Signal
from bot.sources import SOURCES, read
from bot.sources.payload import FORM, Payload


def mail(subject: str, text: str = "text", **headers: str) -> Signal:
    """Read a mail."""
    head = {"From": "mon@example.com", "Subject": subject, **headers}
    lines = [*(f"{name}: {value}" for name, value in head.items()), "", text]
    return one("mail", Payload(body="\r\n".join(lines).encode(), content_type="message/rfc822"))


def posted(source: str, body: Any, **headers: str) -> list[Signal]:
    """Read a body for a source."""
    items = read(source, Payload(body=json.dumps(body).encode(), headers=headers))
    assert all(isinstance(item, Signal) for item in items)
    return [item for item in items if isinstance(item, Signal)]


def one(source: str, payload: Payload) -> Signal:
    """Read what is one alert."""
    (item,) = SOURCES[source](payload)
    assert isinstance(item, Signal)
    return item


# --- mail -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begun", "over", "severity"),
    [
        ("[PROBLEM] disk on web2 is CRITICAL!", "[RECOVERY] disk on web2 is OK!", Severity.CRITICAL),
        ("Monitor is DOWN: Shop", "Monitor is UP: Shop", Severity.CRITICAL),
        ("DOWN | nightly backup", "UP | nightly backup", Severity.CRITICAL),
        ("Check_MK: web3/CPU load OK -> CRIT", "Check_MK: web3/CPU load CRIT -> OK", Severity.CRITICAL),
        ("[FIRING:1] HighLoad (web4 critical)", "[RESOLVED] HighLoad (web4 critical)", Severity.WARNING),
        ('ALARM: "db1-disk" in EU (Ireland)', 'OK: "db1-disk" in EU (Ireland)', Severity.CRITICAL),
        (
            "** PROBLEM Service Alert: web5/HTTP is CRITICAL **",
            "** RECOVERY Service Alert: web5/HTTP is OK **",
            Severity.CRITICAL,
        ),
        ("Problem: Free disk space low on web6", "Resolved in 5m: Free disk space low on web6", Severity.WARNING),
        ("[Alerting] CPU of web7", "[OK] CPU of web7", Severity.WARNING),
        ("Re: [WARNING] disk web8", "RESOLVED: [WARNING] disk web8", Severity.WARNING),
        ("Critical, disk = 97%, on web1", "Clear, disk = 60%, on web1", Severity.CRITICAL),
        ("Warning, ram = 81%, on web1", "Recovered, ram = 60%, on web1", Severity.WARNING),
        ("[ops] PROBLEM: disk on web1", "[ops] Re: RESOLVED: disk on web1", Severity.WARNING),
        ("Fwd: AW: [SEV-1] shop is slow", "[Resolved] [SEV-1] shop is slow", Severity.CRITICAL),
        ("[P2] [Triggered on {host:app7}] Load", "[P2] [Recovered on {host:app7}] Load", Severity.ERROR),
    ],
)
def test_mail_pairs(begun: str, over: str, severity: Severity) -> None:
    """The subject of an end has the name of its beginning, and the beginning its severity."""
    first, last = mail(begun), mail(over)

    assert (Kind.FIRING, severity, Kind.RESOLVED) == (first.kind, first.severity, last.kind)
    assert first.dedup_key == last.dedup_key


@pytest.mark.parametrize(
    ("text", "kind", "severity"),
    [
        ("Host: db1\nState: DOWN\nSeverity: High", Kind.FIRING, Severity.ERROR),
        ("Service: http\nService State: OK", Kind.RESOLVED, Severity.WARNING),
        ("Notification Type: RECOVERY\nPriority: P1", Kind.RESOLVED, Severity.CRITICAL),
        ("Host a status: OK\nStatus: OK\nStatus: FAILED", Kind.FIRING, Severity.WARNING),
        ("The state: it is ok now, as far as I know, but who knows for how long", Kind.FIRING, Severity.WARNING),
        ("status: unclear", Kind.FIRING, Severity.WARNING),
    ],
)
def test_state_in_the_text(text: str, kind: Kind, severity: Severity) -> None:
    """A plain line of the text counts where the subject says nothing; an end only where no other line says otherwise."""
    found = mail("Report of db1", text)

    assert (kind, severity) == (found.kind, found.severity)


def test_the_subject_counts_before_the_text() -> None:
    """What the text quotes changes nothing."""
    found = mail("[PROBLEM] disk is CRITICAL", "Status: OK\nSeverity: low")

    assert (Kind.FIRING, Severity.CRITICAL) == (found.kind, found.severity)


# --- groups, rules and things -------------------------------------------------------------------------------------------


def test_datadogs_groups_are_alerts_of_their_own() -> None:
    """Each is closed by its own recovery, whatever came between."""

    def key(title: str) -> str:
        return posted("datadog", {"title": title, "event_type": "query_alert_monitor", "last_updated": "1"})[
            0
        ].dedup_key

    first = [key(f"[P2] [{state} on {{host:app7}}] Load") for state in ("Triggered", "Warn", "Re-Triggered", "No Data")]

    assert {key("[P2] [Recovered on {host:app7}] Load")} == set(first)
    assert key("[P2] [Recovered on {host:app8}] Load") not in first


@pytest.mark.parametrize(
    "words",
    [
        {"type": "CUSTOM", "state": "WARNING", "author": "eve", "comment": "please look"},
        {"type": "Custom", "state": "OK", "author": "eve", "comment": "please look"},
        {"type": "ACKNOWLEDGEMENT", "state": "CRITICAL", "author": "eve"},
        {"NOTIFICATIONTYPE": "FLAPPINGSTART", "HOSTNAME": "h", "SERVICEDESC": "s", "SERVICESTATE": "CRITICAL"},
    ],
)
def test_first_words_of_nagios_open(words: dict[str, str]) -> None:
    """A bad state or a person's words are seen, also where nothing is open."""
    (found,) = posted("nagios", {"host": "h", "service": "s", **words})

    assert found.opens


@pytest.mark.parametrize("words", [{"type": "CUSTOM", "state": "OK"}, {"type": "DOWNTIMESTART", "state": "UP"}])
def test_words_of_nagios_that_say_nothing(words: dict[str, str]) -> None:
    """Nothing bad and nobody's words open nothing."""
    (found,) = posted("nagios", {"host": "h", **words})

    assert (Kind.NOTE, False) == (found.kind, found.opens)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("zabbix", {"event_id": "1", "event_value": "1", "update": "1", "update_action": "commented", "update_message": "x"}),
        ("sentry", {"action": "created", "data": {"comment": "x", "issue_id": "1"}, "actor": {"name": "eve"}}),
        ("sentry", {"action": "assigned", "data": {"issue": {"id": "1", "title": "x"}}}),
        ("generic", {"title": "x", "status": "acknowledged", "severity": "critical"}),
        ("cloudevents", {"specversion": "1.0", "id": "1", "source": "/s", "type": "a.acknowledged", "data": {"title": "x"}}),
    ],
)  # fmt: skip
def test_first_words_of_others_open(source: str, body: dict[str, Any]) -> None:
    """So it is with every source."""
    (found,) = posted(source, body)

    assert found.opens


def test_events_that_data_tells_apart() -> None:
    """Rules, hosts and titles are problems of their own; a changing text of one rule is not."""

    def key(**data: str) -> str:
        event = {"specversion": "1.0", "id": "1", "source": "/falco", "type": "falco.rule.output.v1", "data": data}
        return posted("cloudevents", event)[0].dedup_key

    shell = key(output="A shell (pid=7)", rule="Shell", hostname="k0")

    assert shell == key(output="A shell (pid=9)", rule="Shell", hostname="k0")
    assert shell != key(output="A shell (pid=7)", rule="Shell", hostname="k1")
    assert shell != key(output="A shell (pid=7)", rule="Etc", hostname="k0")
    assert key(title="a") != key(title="b")


def test_an_alarm_is_the_same_by_sns_and_by_eventbridge() -> None:
    """Both have the alarm's name in Amazon's own form."""
    arn = "arn:aws:cloudwatch:eu-west-1:1:alarm:eb"
    (event,) = posted("cloudwatch", {
        "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch", "resources": [arn],
        "detail": {"alarmName": "eb", "state": {"value": "OK", "reason": "fine"}},
    })  # fmt: skip
    (bare,) = posted("cloudwatch", {"AlarmName": "eb", "NewStateValue": "ALARM", "AlarmArn": arn})

    assert (Kind.RESOLVED, Kind.FIRING) == (event.kind, bare.kind)
    assert event.dedup_key == bare.dedup_key


@pytest.mark.parametrize(
    ("days", "severity"),
    [("21", Severity.WARNING), ("7", Severity.ERROR), ("1", Severity.CRITICAL), ("0", Severity.CRITICAL)],
)
def test_the_fewer_days_the_worse(days: str, severity: Severity) -> None:
    """Notices of one certificate are one alert that gets worse."""
    first, (found,) = (
        posted("uptime-kuma", {"msg": f"[p][https://p] server certificate p will expire in {left} days"})
        for left in ("30", days)
    )

    assert (first[0].dedup_key, severity) == (found.dedup_key, found.severity)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("nagios", {"host": "up", "service": "ok", "type": "PROBLEM", "state": "CRITICAL", "output": "OK is not what it is"}),
        ("datadog", {"title": "[Triggered] Service is up too late", "alert_status": "recovered hosts: 3 of 4"}),
        ("uptime-kuma", {"heartbeat": {"status": 0, "msg": "up"}, "monitor": {"id": 1, "name": "OK"}}),
        ("sentry", {"action": "created", "data": {"issue": {"id": "1", "title": "resolved"}}}),
        ("zabbix", {"event_id": "1", "event_value": "1", "name": "Resolved: not at all"}),
        ("alertmanager", {"alerts": [{"labels": {"alertname": "ok", "state": "resolved"}, "status": "firing"}]}),
        ("cloudwatch", {"AlarmName": "OK", "NewStateValue": "ALARM", "NewStateReason": "it was OK"}),
        ("cloudevents", {"specversion": "1.0", "id": "1", "source": "/ok", "type": "a.firing", "subject": "resolved"}),
        ("sematext", {"backToNormal": "false", "title": "resolved", "description": "is ok"}),
    ],
)  # fmt: skip
def test_no_wrong_end(source: str, body: dict[str, Any]) -> None:
    """A word for an end that stands where no state does ends nothing."""
    (found,) = posted(source, body)

    assert Kind.FIRING is found.kind


def test_nagios_environment_as_a_form() -> None:
    """Icinga's own names come as a form as well."""
    body = b"NOTIFICATIONTYPE=RECOVERY&HOSTNAME=web1&SERVICENAME=http&SERVICESTATE=OK&SERVICEOUTPUT=fine"
    found = one("nagios", Payload(body=body, content_type=FORM))

    assert ("web1!http", Kind.RESOLVED) == (found.dedup_key, found.kind)
