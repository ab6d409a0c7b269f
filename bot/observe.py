"""Logs and metrics: the one set-up of structlog, and every metric's name."""

import logging
import re
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CUT = "(key)"
_KEY = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z0-9]{32}(?![A-Za-z0-9])"
    r"|(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{24,}",
    re.ASCII,
)
"""A feed's key; a callback's or a link's, a piece of a JWT, and what else is long and mixed as only random words are."""
LINE_LONGEST = 500
QUOTING = "aiohttp"
"""The library whose errors quote requests, keys and all."""
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
    logging.basicConfig(handlers=[Bridge()], level=max(number, logging.WARNING), force=True)
    logging.captureWarnings(capture=True)
    sys.unraisablehook = _unraisable


def seen(_logger: object, _name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Keep each line of the console one line without control characters, whatever came from outside; JSON escapes them itself."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            lines = value.split("\n") if name == "exception" else [value]
            event[name] = "\n".join(map(_seen_line, lines))
    return event


def _seen_line(line: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def _unraisable(about: "sys.UnraisableHookArgs") -> None:
    """Log what Python would print: an error in a place that can raise none."""
    error = about.exc_value
    trace = (type(error), error, about.exc_traceback) if error is not None else None
    logging.getLogger("python").error("an error was ignored", exc_info=trace)


class Bridge(logging.Handler):
    """Brings what libraries log among our own lines: one line each, with the last line of an exception and where it was raised.

    A whole traceback of theirs tells of their insides, and may quote what came from outside.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record of a library."""
        try:
            details = {"logger": record.name, "message": _one_line(record.getMessage())}
            if record.exc_info and record.exc_info[1] is not None:
                quotes = record.name.startswith(QUOTING)
                details["exception"] = _of(record.exc_info[1], with_words=not quotes)
            structlog.get_logger().log(record.levelno, "library", **details)
        except Exception:  # noqa: BLE001 - as every handler of logging does
            self.handleError(record)


def _one_line(text: str) -> str:
    """Return the first line of a text, which asyncio fills with the repr of whole tasks after that."""
    return keyless(text.strip().partition("\n")[0])[:LINE_LONGEST]


def _of(error: BaseException, *, with_words: bool) -> str:
    """Return kind and words of an exception and the place that raised it, on one line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name})" if frames else ""
    words = f": {error}".replace("\n", " ") if with_words else ""
    return _one_line(type(error).__name__ + words) + place


def keyless(text: str) -> str:
    """Return a text without what looks like a key: libraries repeat addresses, and keys stand in some."""
    return _KEY.sub(CUT, text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """Every metric of the program, in a registry of its own."""

    registry: CollectorRegistry
    signals: Counter
    refused: Counter
    connections: Counter
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
        connections=Counter(
            "alertbot_connections_cut",
            "Connections closed on clients, by port and why: slow, or the port was full",
            ["port", "reason"],
            registry=registry,
        ),
        callbacks=Counter("alertbot_callbacks", "Hipchat's callbacks, by event", ["event"], registry=registry),
        commands=Counter("alertbot_commands", "Commands, by verb and outcome", ["verb", "outcome"], registry=registry),
        messages=Counter("alertbot_messages", "Messages to rooms, by result", ["result"], registry=registry),
        waiting=Gauge("alertbot_outbox_waiting", "Notices that wait to be told", registry=registry),
        oldest=Gauge("alertbot_outbox_oldest_seconds", "Age of the oldest notice that waits", registry=registry),
        command_seconds=Histogram(
            "alertbot_command_seconds", "Time from callback to answer", buckets=SECONDS, registry=registry
        ),
    )
