"""Logs and metrics: the one set-up of structlog, and every metric's name."""

import logging
import re
import sys
import traceback
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CUT = "(key)"
_KEY = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{32}(?![A-Za-z0-9])", re.ASCII)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def set_up_logs(level: str, form: str) -> None:
    """Send structured lines to standard error: JSON, or for people on a terminal."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *([seen] if console else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[Libraries()], level=max(number, logging.WARNING))


def seen(_logger: object, _name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Keep each line of the console one line without control characters, whatever came from outside; JSON escapes them itself."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            lines = value.split("\n") if name == "exception" else [value]
            event[name] = "\n".join(map(_seen_line, lines))
    return event


def _seen_line(line: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


class Libraries(logging.Handler):
    """Writes what libraries log as lines of our own, in the same form, and without what looks like a key."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        about = {"exception": "".join(traceback.format_exception(*record.exc_info))} if record.exc_info else {}
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        lines = {name: keyless(text) for name, text in {"message": message, **about}.items()}
        structlog.get_logger().log(record.levelno, "library", logger=record.name, **lines)


def keyless(text: str) -> str:
    """Return a text without what looks like a key: libraries repeat addresses, and keys stand in some."""
    return _KEY.sub(CUT, text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """Every metric of the program, in a registry of its own."""

    registry: CollectorRegistry
    signals: Counter
    refused: Counter
    callbacks: Counter
    commands: Counter
    messages: Counter
    waiting: Gauge
    oldest: Gauge
    command_seconds: Histogram

    def text(self) -> bytes:
        """Return all metrics as Prometheus reads them."""
        return generate_latest(self.registry)


def new_metrics() -> Metrics:
    """Make the metrics, all at zero."""
    registry = CollectorRegistry()
    return Metrics(
        registry=registry,
        signals=Counter("alertbot_signals", "Posted signals, by what became of them", ["outcome"], registry=registry),
        refused=Counter("alertbot_requests_refused", "Refused requests, by status", ["status"], registry=registry),
        callbacks=Counter("alertbot_callbacks", "Hipchat's callbacks, by event", ["event"], registry=registry),
        commands=Counter("alertbot_commands", "Commands, by verb and outcome", ["verb", "outcome"], registry=registry),
        messages=Counter("alertbot_messages", "Messages to rooms, by result", ["result"], registry=registry),
        waiting=Gauge("alertbot_outbox_waiting", "Notices that wait to be told", registry=registry),
        oldest=Gauge("alertbot_outbox_oldest_seconds", "Age of the oldest notice that waits", registry=registry),
        command_seconds=Histogram(
            "alertbot_command_seconds", "Time from callback to answer", buckets=SECONDS, registry=registry
        ),
    )
