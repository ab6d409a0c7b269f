"""An alert of Prometheus' family: labels are its identity, annotations its words (alert-sources.md 1.1 and 1.2)."""

import re
from collections.abc import Mapping

import msgspec

from bot.domain.signal import (
    DESCRIPTION_LIMIT,
    LABEL_VALUE_LIMIT,
    SUMMARY_LIMIT,
    UNKNOWN_SEVERITY,
    Kind,
    Link,
    Severity,
    Signal,
    clean,
)
from bot.domain.vocabulary import severity_of, severity_or_warning
from bot.sources.fingerprint import fingerprint
from bot.sources.member_names import folded
from bot.sources.values import (
    Broken,
    is_text,
    labels_within_limits,
    link_to,
    links_within_limits,
    members,
    text_of,
    texts_of,
    time_of,
)

NAMELESS = "An alert without a name"
SUMMARIES = ("summary", "description", "message")
"""Annotations that can be the summary, the best first; the alert's name comes after them."""
NAMES = ("alertname", "alert", "name", "rulename", "rule", "title", "alerttitle")
"""Folded names of labels that name an alert, the best first."""
SUBJECTS = (
    "service",
    "job",
    "check",
    "app",
    "application",
    "component",
    "deployment",
    "container",
    "metric",
    "namespace",
)
"""Folded names of labels that say what an alert without a name is about."""
PLACES = ("instance", "host", "hostname", "node", "server", "device", "pod", "cluster", "target", "url")
"""Folded names of labels that say where that is."""
WORDS = ("summary", "title", "description", "message", "text")
"""Folded names of annotations that can be the summary where none of SUMMARIES is there."""
LABELS_TOLD = 4
"""So many labels tell of an alert that has none of these."""
SEVERITIES = ("severity", "priority", "level", "alertseverity", "sev", "criticality", "urgency", "prio")
"""Folded names of labels and annotations that hold a severity, the best first."""
RUNBOOKS = ("runbook_url", "runbook")
DASHBOARDS = ("dashboard_url", "dashboard")
GENERATOR_TEXT = "Source"
RUNBOOK_TEXT = "Runbook"
DASHBOARD_TEXT = "Dashboard"
PANEL_TEXT = "Panel"
IMAGE_TEXT = "Picture"
SILENCE_TEXT = "Silence it"
BROKEN_RULES = frozenset({"DatasourceNoData", "DatasourceError"})
"""Names that Grafana gives to alerts about a rule that cannot be evaluated; the rule's own is another label."""
NO_VALUE = "no value"
UNREADABLE_START = "starts_at_raw"

FINGERPRINT = re.compile("[0-9a-f]{16}")


class Labelled(msgspec.Struct, frozen=True, gc=False):
    """An alert as Prometheus and Alertmanager write it. Alertmanager adds a status and the fingerprint, Grafana addresses and values."""

    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    status: str | None = None
    state: str | None = None
    starts_at: str | None = msgspec.field(default=None, name="startsAt")
    ends_at: str | None = msgspec.field(default=None, name="endsAt")
    generator_url: str | None = msgspec.field(default=None, name="generatorURL")
    fingerprint: str | None = None
    silence_url: str | None = msgspec.field(default=None, name="silenceURL")
    dashboard_url: str | None = msgspec.field(default=None, name="dashboardURL")
    panel_url: str | None = msgspec.field(default=None, name="panelURL")
    image_url: str | None = msgspec.field(default=None, name="imageURL")
    values: dict[str, float | None] | None = None


_decode = msgspec.json.Decoder(Labelled).decode


def read(raw: msgspec.Raw) -> Labelled | None:
    """Read one alert, whatever its values are; None when it has no labels that could identify it."""
    try:
        return _decode(raw)
    except Broken:
        given = members(raw)
    labels = texts_of(given["labels"]) if given and "labels" in given else None
    if given is None or labels is None:
        return None
    texts = {name: text_of(value) for name, value in given.items() if is_text(value)}
    return Labelled(
        labels=labels,
        annotations=texts_of(given["annotations"]) if "annotations" in given else None,
        status=texts.get("status"),
        state=texts.get("state"),
        starts_at=texts.get("startsAt"),
        ends_at=texts.get("endsAt"),
        generator_url=texts.get("generatorURL"),
        fingerprint=texts.get("fingerprint"),
        silence_url=texts.get("silenceURL"),
        dashboard_url=texts.get("dashboardURL"),
        panel_url=texts.get("panelURL"),
        image_url=texts.get("imageURL"),
    )


def named(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels without the empty ones: to Prometheus an empty label is none."""
    return {name: value for name, value in labels.items() if name and value}


def signal(
    alert: Labelled, *, sender: str, kind: Kind, ends_at: int | None = None, links: tuple[Link | None, ...] = ()
) -> Signal:
    """Return what an alert says. Its dedup key is the fingerprint, so that each sender of the problem names it alike."""
    own = named(alert.labels)
    given = alert.fingerprint or ""
    annotations = alert.annotations or {}
    summary, told_by = _summary(own, annotations)
    kept = labels_within_limits(own)
    severity = severity_or_warning(own.get("severity"), kept)
    if severity is Severity.WARNING and own.get("severity") != severity.word:
        severity = _told_beside(own, annotations, kept)
    starts_at = time_of(alert.starts_at) if alert.starts_at else None
    if alert.starts_at and starts_at is None and not alert.starts_at.startswith("0001-"):
        kept[UNREADABLE_START] = clean(alert.starts_at, LABEL_VALUE_LIMIT)
    return Signal(
        dedup_key=given if FINGERPRINT.fullmatch(given) else fingerprint(own),
        summary=clean(summary, SUMMARY_LIMIT),
        sender=sender,
        kind=kind,
        severity=severity,
        source=sender,
        description=clean(_description(alert, annotations, told_by), DESCRIPTION_LIMIT),
        labels=kept,
        links=links_within_limits(_links(alert, annotations) + links),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _summary(labels: Mapping[str, str], annotations: Mapping[str, str]) -> tuple[str, str]:
    """Return the summary and the annotation that it came from, if it came from one."""
    for name in SUMMARIES:
        if annotations.get(name, "").strip():
            return annotations[name].strip(), name
    name = labels.get("alertname", "").strip()
    if not name:
        return _unnamed(labels, annotations)
    rule = labels.get("rulename", "").strip() if name in BROKEN_RULES else ""
    return f"{name}: {rule}" if rule else name, ""


def _unnamed(labels: Mapping[str, str], annotations: Mapping[str, str]) -> tuple[str, str]:
    """Return the summary of an alert without an alertname: its words in other annotations, another name, or what its labels tell."""
    said = {folded(name): name for name in sorted(annotations, reverse=True) if annotations[name].strip()}
    told_by = next((said[name] for name in WORDS if name in said), "")
    if told_by:
        return annotations[told_by].strip(), told_by
    own = {folded(name): (name, labels[name]) for name in sorted(labels, reverse=True)}
    name = next((own[name][1] for name in NAMES if name in own), "")
    subject = next((own[name] for name in SUBJECTS if name in own), None)
    place = next((own[name] for name in PLACES if name in own), None)
    what = name or (f"{subject[0]} {subject[1]}" if subject else "")
    if what or place:
        return (f"{what} on {place[1]}" if what and place else what or " ".join(place or ())), ""
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items())[:LABELS_TOLD]) or NAMELESS, ""


def _told_beside(labels: Mapping[str, str], annotations: Mapping[str, str], kept: dict[str, str]) -> Severity:
    """Return a severity that stands elsewhere than in the label of that name; a warning without any."""
    for given in (labels, annotations):
        by_name = {folded(name): value for name, value in given.items()}
        for name in SEVERITIES:
            found = severity_of(by_name[name]) if name in by_name else None
            if found is not None:
                kept.pop(UNKNOWN_SEVERITY, None)
                return found
    return Severity.WARNING


def _description(alert: Labelled, annotations: Mapping[str, str], told_by: str) -> str:
    """Return the description, and below it each annotation that is shown nowhere else, and the values."""
    lines = [annotations["description"].strip()] if told_by == "summary" and annotations.get("description") else []
    shown = {told_by, "summary", "description", *RUNBOOKS, *DASHBOARDS}
    lines += [f"{name}: {value}" for name, value in annotations.items() if name not in shown and value.strip()]
    if alert.values:
        lines.append(
            ", ".join(
                f"{name} = {NO_VALUE if value is None else f'{value:g}'}"
                for name, value in sorted(alert.values.items())
            )
        )
    return "\n".join(lines)


def _links(alert: Labelled, annotations: Mapping[str, str]) -> tuple[Link | None, ...]:
    links = [link_to(alert.generator_url or "", GENERATOR_TEXT)]
    links += [link_to(annotations.get(name, ""), RUNBOOK_TEXT) for name in RUNBOOKS]
    links += [link_to(annotations.get(name, ""), DASHBOARD_TEXT) for name in DASHBOARDS]
    links += [
        link_to(alert.dashboard_url or "", DASHBOARD_TEXT),
        link_to(alert.panel_url or "", PANEL_TEXT),
        link_to(alert.image_url or "", IMAGE_TEXT),
        link_to(alert.silence_url or "", SILENCE_TEXT),
    ]
    return tuple(links)
