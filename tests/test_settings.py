"""Settings: every wrong one at once, and no secret shown (product.md 2)."""

from pathlib import Path

import pytest

from bot import nsca
from bot.domain import channel
from bot.settings import HIDDEN, NSCA_ENCRYPTIONS, BadSettings, Settings, described, from_environment

BAD = {
    "PORT": ["x", "-1", "65536", "\uff18\uff10", "80.5"],
    "BASE_URL": [
        "bot.example.com",
        "ftp://h",
        "http://",
        "http://h:99999",
        "http://[",
        "http://h/?a=b",
        "http://u:p@h",
    ],
    "DATABASE_URL": ["mysql://h/d", "sqlite:///", "alertbot.db"],
    "HIPCHAT_HOSTS": [",", "https://api.hipchat.com", "a b", "*.*.x.com", "host:0", "-x"],
    "HIPCHAT_GROUPS": ["x", "1,two", "-1", "\uff11"],
    "HIPCHAT_CA_FILE": ["/nowhere/ca.pem"],
    "HIPCHAT_VERIFY_TLS": ["maybe"],
    "SECRET_KEY": ["short"],
    "CHANNEL_PRIVATE_HOSTS": ["host:80", "a b", "*.example.com"],
    "MAIL_PORT": ["x", "-1", "65536"],
    "MAIL_PROTOCOL": ["http", "esmtp"],
    "MAIL_DOMAIN": ["a b", "@example.com", "-x.com", "x..y", "bot.example.com\r\nBcc"],
    "SMTP_URL": ["mail.example.com", "http://h", "smtp://", "smtp://h:port"],
    "NSCA_PORT": ["x", "65536"],
    "NSCA_KEY": ["short", "K" * 31 + "-"],
    "NSCA_ENCRYPTION": ["2", "15", "16", "aes", "-1"],
    "NAGIOS_COMMAND_FILES": ["nagios.cmd", "/a,b/c"],
    "LOG_LEVEL": ["loud"],
    "LOG_FORMAT": ["xml"],
    "RETENTION_DAYS": ["0", "-3", "x", "40000"],
    "RAW_DAYS": ["0"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_with_its_name(name: str, value: str) -> None:
    """And with nothing but a reason in one line."""
    with pytest.raises(BadSettings) as refused:
        from_environment({name: value})

    assert [name] == [problem.partition(":")[0] for problem in refused.value.problems]
    assert "\n" not in str(refused.value)


def test_all_bad_values_are_told_at_once() -> None:
    """Whoever sets the bot up mends them in one go."""
    with pytest.raises(BadSettings) as refused:
        from_environment({name: values[0] for name, values in BAD.items()})

    assert set(BAD) == {problem.partition(":")[0] for problem in refused.value.problems}


def test_postgresql_needs_a_key() -> None:
    """Several machines must share it; the short spelling of some platforms is the same database."""
    for url in ("postgresql://h/d", "postgres://h/d"):
        with pytest.raises(BadSettings, match="SECRET_KEY"):
            from_environment({"DATABASE_URL": url})
        settings = from_environment({"DATABASE_URL": url, "SECRET_KEY": "k" * 16})
        assert "postgresql://h/d" == settings.database_url


def test_an_nsca_port_needs_a_key() -> None:
    """Results must go somewhere, wherever the port is asked for; without a port nothing is needed."""
    for variables, overrides in (({"NSCA_PORT": "5667"}, {}), ({}, {"nsca_port": 0})):
        with pytest.raises(BadSettings, match=r"^NSCA_KEY: required with NSCA_PORT"):
            from_environment(variables, overrides)
        settings = from_environment({**variables, "NSCA_KEY": "K" * 32}, overrides)

        assert (1, "") == (settings.nsca_encryption, settings.nsca_password)
    assert from_environment({}).nsca_port is None


def test_encryptions_are_those_that_are_spoken() -> None:
    """Wherever one may be named."""
    assert nsca.METHODS == NSCA_ENCRYPTIONS
    assert {str(number) for number in nsca.METHODS} == channel.NSCA_ENCRYPTIONS


def test_mails_need_a_domain() -> None:
    """A port for mails is of no use without the addresses that they come to; off is off."""
    with pytest.raises(BadSettings, match="MAIL_DOMAIN"):
        from_environment({"MAIL_PORT": "8024"})
    settings = from_environment({"MAIL_PORT": "off", "MAIL_DOMAIN": "Bot.Example.com"})

    assert (None, "bot.example.com") == (settings.mail_port, settings.mail_domain)
    assert ("MAIL_PORT", "off") in [row[:2] for row in described(settings)]


def test_what_is_empty_is_not_set() -> None:
    """And spaces around a value are no part of it; the command line wins over the environment."""
    settings = from_environment({"PORT": " 80 ", "HOST": "", "LOG_LEVEL": "DEBUG"}, {"port": 81})

    assert (81, "0.0.0.0", "debug") == (settings.port, settings.host, settings.log_level)  # noqa: S104 - compared


def test_hosts_and_groups_are_lists(tmp_path: Path) -> None:
    """With commas, and spaces as one likes."""
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    settings = from_environment(
        {
            "HIPCHAT_HOSTS": "a.example, *.b.example:8443,[::1]:80",
            "HIPCHAT_GROUPS": "1, 2",
            "HIPCHAT_CA_FILE": str(ca_file),
        }
    )

    assert ("a.example", "*.b.example:8443", "[::1]:80") == settings.hipchat_hosts
    assert (1, 2) == settings.hipchat_groups


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://bot:hunter2@h:5432/d", "postgresql://h:5432/d"),
        ("postgresql://bot:hun@ter2@h/d", "postgresql://h/d"),
        ("postgresql://h/d?password=hunter2&sslmode=require", "postgresql://h/d"),
        ("sqlite:///a@b.db", "sqlite:///a@b.db"),
    ],
)
def test_no_secret_is_shown(url: str, shown: str) -> None:
    """Neither in the description that `check --settings` prints nor in a repr, which may end up in a log."""
    settings = from_environment(
        {
            "DATABASE_URL": url,
            "SECRET_KEY": "hunter2-hunter2-hunter2",
            "SMTP_URL": "smtp://u:hunter2@mail:25",
            "NSCA_KEY": "hunter2".ljust(32, "x"),
            "NSCA_PASSWORD": "hunter2",
        }
    )
    rows = {name: value for name, value, _ in described(settings)}

    assert (shown, HIDDEN, "smtp://mail:25") == (rows["DATABASE_URL"], rows["SECRET_KEY"], rows["SMTP_URL"])
    assert "hunter2" not in repr(rows)
    assert "hunter2" not in repr(settings)


def test_every_setting_is_described() -> None:
    """Each with what it is for."""
    for name, _, text in described(Settings()):
        assert name.isupper()
        assert text


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a.db", "a.db"),
        ("sqlite:////x/a.db", "/x/a.db"),
        ("sqlite:///:memory:", ""),
        ("postgresql://h/d", ""),
    ],
)
def test_the_file_of_a_database(url: str, path: str) -> None:
    """Only a SQLite file has one; the key is kept beside it."""
    assert path == Settings(database_url=url).sqlite_file
