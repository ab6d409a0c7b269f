"""Settings: read from the environment, all wrong ones reported at once. Nothing else reads os.environ."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_HOSTS = "api.hipchat.com,*.hipchat.com"
DEFAULT_DATABASE = "sqlite:///alertbot.db"
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("auto", "json", "console")
HIDDEN = "(set)"
OFF = "off"
NSCA_ENCRYPTIONS = (0, 1, 3, 14)

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME_OR_ADDRESS = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[::1\])(:[1-9][0-9]{0,4})?", re.IGNORECASE | re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9]{32}")
_SPAN = re.compile(r"(\d{1,6})\s*([mhd])", re.IGNORECASE)
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SHORTEST = 10 * _UNITS["m"]
_LONGEST = 36_500 * _UNITS["d"]


class BadSettings(Exception):
    """Settings that cannot be used: one line for each, with the reason."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def _text(value: str) -> str:
    return value


def _port(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) > 65_535:
        raise ValueError("a port is a number from 0 to 65535")
    return int(value)


def _port_or_off(value: str) -> int | None:
    return None if value.strip().lower() == OFF else _port(value)


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value.lower()) or len(value) > 253:
        raise ValueError("a domain such as bot.example.com is needed")
    return value.lower()


def _url(value: str) -> str:
    parts = urlsplit(value)
    good = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
    if not good or "@" in parts.netloc or not _has_port(value):
        raise ValueError("an http or https URL is needed, such as https://bot.example.com")
    return value.rstrip("/")


def _has_port(value: str) -> bool:
    """Whether a URL's port, if it has one, is one."""
    try:
        return urlsplit(value).port != 0
    except ValueError:
        return False


def _database(value: str) -> str:
    # Some platforms write the scheme in short.
    value = re.sub(r"^postgres://", "postgresql://", value)
    if value == "sqlite:///" or not value.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME is needed")
    return value


def _mail_server(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or not _has_port(value):
        raise ValueError("smtp://USER:PASSWORD@HOST:PORT is needed")
    return value


def _file(value: str) -> str:
    if not Path(value).is_file():
        raise ValueError("there is no such file")
    return value


def _hosts(value: str) -> tuple[str, ...]:
    words = _words(value)
    bad = [word for word in words if not _HOST.fullmatch(word)]
    if bad or not words:
        raise ValueError(f"hosts such as api.hipchat.com, *.hipchat.com or 127.0.0.1:8080 are needed{_not(bad)}")
    return words


def _private_hosts(value: str) -> tuple[str, ...]:
    words = tuple(word.lower() for word in _words(value))
    bad = [word for word in words if not _NAME_OR_ADDRESS.fullmatch(word)]
    if bad:
        raise ValueError(f"names or addresses without a port are needed{_not(bad)}")
    return words


def _not(bad: list[str]) -> str:
    return f", not {', '.join(bad)}" if bad else ""


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _groups(value: str) -> tuple[int, ...]:
    words = _words(value)
    if not all(word.isascii() and word.isdigit() for word in words):
        raise ValueError("group ids are numbers, with commas between them")
    return tuple(int(word) for word in words)


def _switch(value: str) -> bool:
    word = value.strip().lower()
    if word not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ValueError("true or false is needed")
    return word in {"1", "true", "yes", "on"}


def _choice(*words: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.lower() not in words:
            raise ValueError(f"one of {', '.join(words)} is needed")
        return value.lower()

    return read


def _days(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 36_500:
        raise ValueError("a number of days from 1 to 36500 is needed")
    return int(value)


def _span(value: str) -> int | None:
    """Read how long something lasts, in milliseconds; `off` is None."""
    if value.strip().lower() == OFF:
        return None
    found = _SPAN.fullmatch(value.strip())
    span = int(found[1]) * _UNITS[found[2].lower()] if found else 0
    if not _SHORTEST <= span <= _LONGEST:
        raise ValueError(f"a span of at least 10 minutes is needed, such as 30m, 12h or 7d, or {OFF}")
    return span


def span_text(span: int | None) -> str:
    """Write a span as the settings take it: `12h`."""
    if span is None:
        return OFF
    unit = next(unit for unit in ("d", "h", "m") if span % _UNITS[unit] == 0)
    return f"{span // _UNITS[unit]}{unit}"


def _secret(value: str) -> str:
    if len(value) < 16:
        raise ValueError("at least 16 characters are needed; 43 random ones are better")
    return value


def _key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError("a feed's key is needed, 32 letters and digits; `alertbot key create` makes one")
    return value


def _encryption(value: str) -> int:
    if value not in {str(number) for number in NSCA_ENCRYPTIONS}:
        raise ValueError("one of 0 (none), 1 (XOR), 3 (3DES), 14 (AES) is needed; NSCA's others are not spoken here")
    return int(value)


def _paths(value: str) -> tuple[str, ...]:
    words = _words(value)
    bad = [word for word in words if not word.startswith("/") or not word.isprintable()]
    if bad:
        raise ValueError(f"absolute paths with commas between them are needed{_not(bad)}")
    return words


def _setting(read: Callable[[str], object], default: object, text: str, *, secret: bool = False) -> object:
    return field(default=default, repr=not secret, metadata={"read": read, "text": text, "secret": secret})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the environment says. A field's name in capitals is the variable's name."""

    port: int = _setting(_port, 8080, "port to listen on")  # type: ignore[assignment]
    host: str = _setting(_text, "0.0.0.0", "address to listen on")  # type: ignore[assignment]  # noqa: S104 - a server
    base_url: str = _setting(_url, "", "the bot's own address as Hipchat and people reach it")  # type: ignore[assignment]
    database_url: str = _setting(_database, DEFAULT_DATABASE, "sqlite:///FILE or postgresql://...", secret=True)  # type: ignore[assignment]
    hipchat_hosts: tuple[str, ...] = _setting(_hosts, _words(DEFAULT_HOSTS), "hosts that may install the bot")  # type: ignore[assignment]
    hipchat_groups: tuple[int, ...] = _setting(_groups, (), "group ids that may install the bot; all when empty")  # type: ignore[assignment]
    hipchat_ca_file: str = _setting(_file, "", "certificate authorities to trust for Hipchat Server")  # type: ignore[assignment]
    hipchat_verify_tls: bool = _setting(_switch, True, "whether Hipchat's certificate is checked")  # type: ignore[assignment]
    secret_key: str = _setting(_secret, "", "encrypts stored secrets; required on PostgreSQL", secret=True)  # type: ignore[assignment]
    smtp_url: str = _setting(_mail_server, "", "mail server, smtp://USER:PASSWORD@HOST:PORT", secret=True)  # type: ignore[assignment]
    mail_from: str = _setting(_text, "", "sender of mails")  # type: ignore[assignment]
    mail_port: int | None = _setting(_port_or_off, None, "port that mails to the bot come to")  # type: ignore[assignment]
    mail_host: str = _setting(_text, "127.0.0.1", "address that they come to")  # type: ignore[assignment]
    mail_protocol: str = _setting(_choice("lmtp", "smtp"), "lmtp", "how they come: lmtp or smtp")  # type: ignore[assignment]
    mail_domain: str = _setting(_domain, "", "the domain of the addresses that mails to the bot are sent to")  # type: ignore[assignment]
    channel_private_hosts: tuple[str, ...] = _setting(  # type: ignore[assignment]
        _private_hosts, (), "private hosts and addresses that channels may reach, with commas between them"
    )
    nagios_command_files: tuple[str, ...] = _setting(  # type: ignore[assignment]
        _paths, (), "command files of Nagios that channels may write to, with commas between them"
    )
    nsca_port: int | None = _setting(_port, None, "port that takes check results of send_nsca")  # type: ignore[assignment]
    nsca_key: str = _setting(_key, "", "key of the feed that NSCA's results go to", secret=True)  # type: ignore[assignment]
    nsca_password: str = _setting(_text, "", "what NSCA's packets are encrypted with; NSCA_KEY when empty", secret=True)  # type: ignore[assignment]
    nsca_encryption: int = _setting(_encryption, 1, "how: 0 (not), 1 (XOR), 3 (3DES), 14 (AES)")  # type: ignore[assignment]
    log_level: str = _setting(_choice(*LOG_LEVELS), "info", "debug, info, warning or error")  # type: ignore[assignment]
    log_format: str = _setting(_choice(*LOG_FORMATS), "auto", "json, console, or auto: json unless on a terminal")  # type: ignore[assignment]
    metrics_token: str = _setting(_secret, "", "bearer token that /metrics asks for; open when empty", secret=True)  # type: ignore[assignment]
    retention_days: int = _setting(_days, 400, "days that closed alerts are kept")  # type: ignore[assignment]
    raw_days: int = _setting(_days, 7, "days that request bodies are kept, without credentials")  # type: ignore[assignment]
    stale_after: int | None = _setting(_span, None, "closes what nobody has reported for so long, such as 7d")  # type: ignore[assignment]
    noise_report: bool = _setting(_switch, True, "whether rooms are told on Mondays what was loud and nobody took up")  # type: ignore[assignment]
    ack_expires: int | None = _setting(  # type: ignore[assignment]
        _span, None, "opens again what was acked without a time and not followed up for so long, such as 8h"
    )

    @property
    def sqlite_file(self) -> str:
        """The path of the SQLite file, or an empty text on PostgreSQL and in memory."""
        path = self.database_url.removeprefix("sqlite:///") if self.database_url.startswith("sqlite:") else ""
        return "" if path == ":memory:" else path


def from_environment(
    environment: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Read the settings; `overrides` (from the command line) win. Raises BadSettings with every problem at once."""
    environment = os.environ if environment is None else environment
    problems: list[str] = []
    values: dict[str, object] = {}
    for each in fields(Settings):
        raw = environment.get(each.name.upper(), "").strip()
        if not raw:
            continue
        try:
            values[each.name] = each.metadata["read"](raw)
        except ValueError as error:
            problems.append(f"{each.name.upper()}: {error}")
    values |= overrides or {}
    if str(values.get("database_url", "")).startswith("postgresql://") and not values.get("secret_key"):
        problems.append("SECRET_KEY: required on PostgreSQL, since several machines must share it")
    if values.get("nsca_port") is not None and not (values.get("nsca_key") or environment.get("NSCA_KEY", "").strip()):
        problems.append("NSCA_KEY: required with NSCA_PORT: the key of the feed that the results go to")
    if values.get("mail_port") is not None and not values.get("mail_domain"):
        problems.append("MAIL_DOMAIN: required with MAIL_PORT, for the addresses that people answer to")
    if problems:
        raise BadSettings(problems)
    return Settings(**values)  # type: ignore[arg-type]  # each reader returns its field's type


def described(settings: Settings) -> list[tuple[str, str, str]]:
    """Return each variable's name, its value without secrets, and what it is for."""
    rows = []
    for each in fields(settings):
        value = getattr(settings, each.name)
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        if each.metadata["read"] is _span:
            shown = span_text(value)
        if value is None:
            shown = OFF
        if each.metadata["secret"] and value:
            shown = _without_secrets(shown) if each.name.endswith("_url") else HIDDEN
        rows.append((each.name.upper(), shown, str(each.metadata["text"])))
    return rows


def _without_secrets(url: str) -> str:
    """Return a URL without user, password and parameters; what cannot be read is not shown at all."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    if parts.scheme == "sqlite":
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def environment() -> Mapping[str, str]:
    """Return the environment as it is, for commands that are told more in it than settings."""
    return os.environ
