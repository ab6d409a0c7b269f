"""Text that is encoded: whoever decodes it later finds no line break, header, command or mention in it that was not seen before."""

import base64
import email
import email.policy
import html
import json
import os
import re
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import pytest

from bot.channels import services
from bot.channels.email import Postman, answer, mail
from bot.channels.external import told
from bot.channels.letterhead import Letterhead
from bot.channels.nagios import Nagios
from bot.channels.outbound import Outbound
from bot.domain.actor import Who
from bot.domain.alert import Alert, State
from bot.domain.channel import Channel, Kind, Parcel
from bot.domain.charset import decoded
from bot.domain.markdown import block, inline
from bot.domain.notice import Lane, News, Notice
from bot.domain.reply import Outcome, Reply
from bot.domain.signal import Link, Severity
from bot.hipchat import render
from bot.hipchat.digest import digest
from tests.channels.making import NOW, channel, parcel
from tests.channels.sink import Sink

POSTMAN = Postman(host="h", port=25, sender="bot@example.com")
HEAD = Letterhead(
    base_url="https://bot.example.com",
    domain="in.example.com",
    link_key=b"l" * 32,
    ticket_key=b"t" * 32,
    clock=lambda: NOW,
)
EVIL = "\r\nX-Evil: 1\r\n\r\n[1] SHUTDOWN_PROGRAM\n/code\n@all @here"
QP = "".join(f"={byte:02X}" for byte in EVIL.encode())
TEXTS = {
    "as it is": EVIL,
    "RFC 2047, q": f"disk =?utf-8?q?{QP.replace('=20', '_')}?=",
    "RFC 2047, b": f"=?utf-8?b?{base64.b64encode(EVIL.encode()).decode()}?=",
    "RFC 2231": f"x*=utf-8''{quote(EVIL)}",
    "percent": quote(EVIL, safe=""),
    "percent, twice": quote(quote(EVIL, safe=""), safe=""),
    "entities": "&#13;&#10;X-Evil: 1&NewLine;[1] SHUTDOWN_PROGRAM&#10;&#64;all &#x40;here &commat;all &#0064;all &#65312;all",
    "entities, twice": "&amp;#10;X-Evil: 1 &amp;#64;all &amp;amp;commat;here",
    "backslashes": r"disk\r\nX-Evil: 1\n[1] SHUTDOWN_PROGRAM\x0a\u000a\012 \u0040all \x40here",
    "backslashes, twice": r"disk\\r\\nX-Evil: 1\\n[1] SHUTDOWN_PROGRAM \\u0040all",
    "UTF-7": "+AA0ACg-X-Evil: 1+AAo-+AEA-all",
    "overlong": decoded(b"\xc0\x8aX-Evil: 1\xc0\x8a\xc1\x80all"),
    "bidi": "\u202e@all\u202c \u2066X-Evil: 1\u2069 \u200b@\u200ball",
    "other breaks": "disk\u2028X-Evil: 1\u2029[1] SHUTDOWN\x85X-Evil\x0bX-Evil\x0cX-Evil\x1e@all",
    "other signs": "\uff20all \ufe6bhere @\u2060all @\xadhere",
    "base64": base64.b64encode(EVIL.encode()).decode(),
    "quoted-printable": QP,
    "flowed": "a \nX-Evil: 1 \n>From x\n.\n.\nFrom x\n-- \n@all",
    "ends a field": "db1;x;2|y=1;;;\t$HOSTNAME$`id`;\x00;[1] SHUTDOWN_PROGRAM",
}  # fmt: skip
texts = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
OVER_HTTP = [Kind.WEBHOOK, Kind.PAGERDUTY, Kind.ALERTMANAGER, Kind.OPSGENIE, Kind.SEMATEXT, Kind.ZABBIX, Kind.ICINGA, Kind.NRDP]  # fmt: skip
_MENTION = re.compile("[@\uff20\ufe6b](?:all|here)", re.IGNORECASE)


def hostile(text: str, action: str = "acked", **content: Any) -> Parcel:
    """Return a parcel that says a text wherever outside text can stand."""
    said = {"summary": text, "description": text, "labels": {"host": text, "alertname": text, "k": text}, "by": text}
    links = [{"text": text, "href": "https://x.example/"}]
    return parcel(action, content={**said, "note": text, "owner": text, "links": links, "source": text, **content})


def letter(made: EmailMessage) -> EmailMessage:
    """Return a mail as mail programs read its bytes."""
    found = email.message_from_bytes(
        made.as_bytes(policy=made.policy.clone(linesep="\r\n")), policy=email.policy.default
    )
    assert isinstance(found, EmailMessage)
    return found


# --- mails ------------------------------------------------------------------------------------------------------------


@texts
def test_mails(text: str) -> None:
    """Have the headers that any mail of ours has, and parts that say what ours say; no line of theirs is a header's."""
    plain, odd = (letter(mail(each, POSTMAN, "ops@example.com", HEAD)) for each in (parcel("acked"), hostile(text)))
    told_of = letter(
        answer(
            POSTMAN, HEAD, tenant=1, number=1, about=text, to="ops@example.com", to_message="<1@x>", text=text, at=NOW
        )
    )
    old = email.message_from_bytes(odd.as_bytes())

    assert sorted(plain.keys()) == sorted(odd.keys()) == sorted(old.keys())
    assert set(told_of.keys()) <= {*plain.keys(), "Content-Transfer-Encoding"}
    assert plain["Reply-To"] == odd["Reply-To"]
    assert [] == odd.defects == told_of.defects
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in odd.iter_parts()]
    assert not isinstance(old, EmailMessage)
    assert isinstance(old, Message)
    for found in (odd, told_of):
        assert str(found["Subject"]).isprintable()
        body = found.get_body(("plain",))
        assert body is not None
        shown = body.get_content().replace("\r\n", "\n")
        assert all(line.isprintable() for line in shown.split("\n"))
    page = odd.get_body(("html",))
    assert page is not None
    assert "<form" not in page.get_content()


# --- what goes to Nagios ----------------------------------------------------------------------------------------------


@texts
@pytest.mark.parametrize("action", ["opened", "acked", "noted", "resolved"])
def test_commands_of_nagios(text: str, action: str, tmp_path: Path) -> None:
    """Are a line each, with the fields that they should have, also after Nagios has read the escapes in an output."""
    watched = {"senders": ["nagios"], "labels": {"host": text, "service": text}, "dedup_key": f"{text}!{text}"}
    for each in (hostile(text, action), hostile(text, action, **watched)):
        said = told(each, Channel(name="c", kind=Kind.NAGIOS, settings={"command_file": str(tmp_path / "x")}))
        lines = [*said.commands, *([said.result.command] if said.result else [])]
        for line in lines:
            name, *fields = line.split(";")
            unread = fields[-1].encode().decode("unicode_escape", "replace") if len(fields) > 2 else ""

            assert line.isprintable()
            assert "\n" not in unread
            assert "\r" not in unread
            if name == "PROCESS_SERVICE_CHECK_RESULT":
                assert fields[2] in {"0", "1", "2"}
            if "ACKNOWLEDGE" in name and not name.startswith("REMOVE"):
                assert ["1", "0", "0"] == (fields[2:5] if "_SVC_" in name else fields[1:4])


@texts
async def test_the_command_file(text: str, tmp_path: Path) -> None:
    """Gets as many lines as there are commands, each with the time in front."""
    path = tmp_path / "nagios.cmd"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    to = Channel(name="c", kind=Kind.NAGIOS, settings={"command_file": str(path)})
    await Nagios([str(path)]).send(hostile(text, "opened"), to)
    written = os.read(reader, 9000)
    os.close(reader)

    assert 1 == written.count(b"\n")
    assert written.startswith(b"[1767323045] PROCESS_SERVICE_CHECK_RESULT;")


# --- what goes over http ----------------------------------------------------------------------------------------------


@texts
@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize("action", ["opened", "acked", "noted"])
async def test_over_http(outbound: Outbound, there: Sink, kind: Kind, action: str, text: str) -> None:
    """The request is as any of this channel: address and headers are ours, and the body is JSON that says the text as it is."""
    there.status = 200
    there.answer = {"result": {"status": 0, "message": "OK"}, "results": [{"code": 200, "status": "ok"}]}
    zabbix = {"senders": ["zabbix"], "dedup_key": "12"} if kind is Kind.ZABBIX else {}
    icinga = {"senders": ["icinga"], "labels": {"host": text}, "dedup_key": f"{text}!"} if kind is Kind.ICINGA else {}
    await services(outbound, None)[kind].send(hostile(text, action, **zabbix, **icinga), channel(kind, there.url))
    for seen in there.seen:
        assert "X-Evil" not in seen.headers
        assert "evil" not in seen.path.lower()
        if not seen.body:
            continue
        if kind is Kind.NRDP:
            form = parse_qs(seen.body.decode(), strict_parsing=True)
            assert {"token", "cmd"} < form.keys() <= {"token", "cmd", "json", "command"}
            assert all(each.isprintable() for each in form.get("command", []))
            results = [json.loads(each)["checkresults"][0] for each in form.get("json", [])]
            assert all(each["output"].isprintable() and "\\" not in each["output"] for each in results)
            continue
        assert isinstance(json.loads(seen.body), dict)


# --- rooms and Markdown -----------------------------------------------------------------------------------------------


def loud(text: str) -> Alert:
    """Return an alert that says a text everywhere."""
    return Alert(
        tenant=1,
        number=12,
        feed=1,
        room=1,
        dedup_key="k",
        state=State.OPEN,
        severity=Severity.CRITICAL,
        reported=Severity.CRITICAL,
        summary=text,
        description=text,
        source=text,
        labels={"k": text},
        links=(Link(text=text, href="https://x.example/"),),
        opened_at=NOW,
        last_seen_at=NOW,
        told_at=NOW,
        state_at=NOW,
        state_by=text,
        state_who=Who.SOURCE,
    )


@texts
@pytest.mark.parametrize("news", list(News))
def test_rooms(text: str, news: News) -> None:
    """No mention rings and no line is a client's command, in messages of text, in cards and in html, decoded twice too."""
    if news is News.REPLY:
        body = render.reply(Reply(text=text, outcome=Outcome.DONE, mentions=("dana",)))
    else:
        detail = {"by": text, "why": text, "action": "acked", "owner": "dana", "rings": "dana", "room": text}
        about = None if news is News.GREETING else loud(text)
        body = render.notice(Notice(id=1, news=news, lane=Lane.NEWS, at=NOW, number=12, detail=detail), about, now=NOW)
    card = body.get("card", {})
    of_text = [card.get("description", {}).get("value", "")]
    of_text += [body["message"]] if body["message_format"] == "text" else []
    for said in (*of_text, card.get("activity", {}).get("html", "")):
        for each in (said, html.unescape(said), html.unescape(html.unescape(said))):
            assert not _MENTION.search(each)
        assert not re.search(r"^\s*/", said, re.MULTILINE)
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", said)
    markup = re.sub(r"</?(?:b|i|a|br|strong|em|code|pre|ul|li)\b[^<>]*>", "", body["message"])
    assert body["message_format"] == "text" or "<" not in markup


@texts
def test_digests(text: str) -> None:
    """Are html in which everything stands for itself."""
    notices = [Notice(id=each, news=News.OPENED, lane=Lane.NEWS, at=NOW, number=12, detail={}) for each in range(30)]
    for message in digest(notices, {12: loud(text)}, most=3, now=NOW):
        assert "<" not in re.sub(r"</?(?:b|i|a|br|strong|em)\b[^<>]*>", "", message["message"])


@texts
def test_markdown(text: str) -> None:
    """One line is one line, a block has no end within, and nobody is rung whoever decodes entities later."""
    line = inline(text, starts=True)

    assert line.isprintable() or "\u2060" in line
    assert 1 == len(line.splitlines() or [""])
    assert not _MENTION.search(html.unescape(line).replace("\\", ""))
    assert not _MENTION.search(block(text))
