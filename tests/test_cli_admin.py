"""`alertbot room`, `key` and `check`, against a running stand-in."""

import re
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from bot.demo.backend import backend
from bot.demo.clock import MovableClock
from bot.demo.stage import staged
from bot.settings import Settings
from bot.standin import server as standin
from bot.standin.driver import RoomDriver
from bot.standin.group import room_token
from bot.standin.server import Server
from bot.storage import mutes, open_storage
from tests.channels.making import TOKEN
from tests.channels.sink import sink
from tests.cli import Ran, alertbot
from tests.sources.recorded import HERE


@dataclass(frozen=True, kw_only=True)
class Shell:
    """A shell beside a Hipchat: commands share one database."""

    hipchat: Server
    settings: dict[str, str]

    async def __call__(self, *arguments: str) -> Ran:
        """Run a command; none may end in a traceback."""
        ran = await alertbot(*arguments, **self.settings)
        assert "Traceback" not in ran.err
        return ran

    async def add(self, *arguments: str) -> Ran:
        """Join a room of this Hipchat."""
        return await self("room", "add", *arguments, "--host", str(self.hipchat.tls_url))

    @property
    def ops(self) -> RoomDriver:
        """The first room."""
        return self.hipchat.room("Ops")


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    """Run a Hipchat with https, and nothing else yet."""
    async with standin.running(tls_port=0) as hipchat:
        settings = {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'alertbot.db'}",
            "HIPCHAT_HOSTS": "127.0.0.1",
            "HIPCHAT_CA_FILE": str(hipchat.ca_file),
            "BASE_URL": "https://bot.example.com",
        }
        yield Shell(hipchat=hipchat, settings=settings)


async def test_a_room_by_a_room_token(shell: Shell) -> None:
    """`room add` posts a test message, says where slash commands go; `list`, `test` and `remove` work on the room."""
    token = shell.hipchat.group.room_token
    added = await shell.add(token)
    listed = await shell("room", "list")
    tested = await shell("room", "test", "Ops")
    removed = await shell("room", "remove", "Ops")
    again = await shell("room", "remove", "Ops")
    said = [shown.text for shown in shell.ops.transcript() if shown.sender == "Monitoring"]

    assert 0 == added.code, added.err
    assert "joined Ops as Monitoring" in added.out
    assert re.search(r"https://bot\.example\.com/hipchat/hook/[\w-]{40,}\n", added.out)
    assert (0, f"{shell.ops.room.id}\tOps\ttoken\tok\n") == (listed.code, listed.out)
    assert (0, "Ops: Hipchat took the message (204)\n") == (tested.code, tested.out)
    assert 2 == len(said)
    assert (0, "left Ops\n") == (removed.code, removed.out)
    assert 1 == again.code
    assert token not in "".join(ran.out + ran.err for ran in (added, listed, tested, removed, again))


async def test_a_room_by_a_user_token(shell: Shell) -> None:
    """A user token needs the room, by id or exact name."""
    alex = shell.ops.person("alex")
    token = shell.hipchat.group.user_tokens[alex.id]
    nowhere = await shell.add(token)
    wrong = await shell.add(token, "--room", "ops")
    by_name = await shell.add(token, "--room", "Ops Team")
    by_id = await shell.add(token, "--room", str(shell.ops.room.id))

    assert [1, 1, 0, 0] == [ran.code for ran in (nowhere, wrong, by_name, by_id)]
    assert "--room" in nowhere.err
    assert "no such room" in wrong.err
    assert "joined Ops Team" in by_name.out
    assert ["Alex Rivera"] == [shown.sender for shown in shell.ops.transcript()]


async def test_tokens_that_are_refused(shell: Shell) -> None:
    """A token of API v1 is known by its look; each answer of Hipchat is explained in a sentence."""
    v1 = await shell.add(shell.hipchat.group.v1_token)
    unknown = await shell.add("a" * 40)
    blind = room_token(shell.hipchat.hipchat, shell.ops.room, "Blind", shell.hipchat.url, scopes=("view_room",)).value
    scopeless = await shell.add(blind)
    elsewhere = await shell("room", "add", "b" * 40, "--host", "https://evil.example")

    assert [1, 1, 1, 1] == [ran.code for ran in (v1, unknown, scopeless, elsewhere)]
    assert "old API v1" in v1.err
    assert "(401)" in unknown.err
    assert "Send Notification" in scopeless.err
    assert "HIPCHAT_HOSTS" in elsewhere.err
    assert [] == shell.ops.transcript()


async def test_keys(shell: Shell, tmp_path: Path) -> None:
    """A key is shown once, works at the bot, rotates without a gap, and ends when it is revoked."""
    await shell.add(shell.hipchat.group.room_token)
    made = await shell("key", "create", "--room", "Ops", "--name", "cron", "--scope", "ingest", "--scope", "read")
    secret = made.out.strip()
    rotated = await shell("key", "rotate", "1")
    second = rotated.out.strip()
    listed = await shell("key", "list")
    revoked = await shell("key", "revoke", "1")
    twice = await shell("key", "revoke", "1")
    settings = Settings(port=0, database_url=shell.settings["DATABASE_URL"])
    async with staged(settings, clock=MovableClock(), workers_too=False) as stage:
        async with backend(stage.bot_url, second) as poster:
            assert "opened" == (await poster.post({"summary": "x"}))[0]["outcome"]
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {secret}"}) as session,
            session.get(f"{stage.bot_url}/api/v1/alerts") as answer,
        ):
            assert 401 == answer.status

    assert 0 == made.code
    assert re.fullmatch("[A-Za-z0-9]{32}", secret)
    assert re.fullmatch("[A-Za-z0-9]{32}", second)
    assert secret != second
    assert f"Bearer {secret}" in made.err
    assert ["1\tcron\tops\tingest read", "2\tcron\tops\tingest read"] == [
        line.rsplit("\t", 2)[0] for line in listed.out.splitlines()
    ]
    assert secret not in listed.out + listed.err
    assert "revoked key 1 (cron)" in revoked.out
    assert 1 == twice.code


async def test_before_anything_is_joined(shell: Shell) -> None:
    """Without a room the commands say what comes first."""
    for arguments in (("key", "create"), ("room", "list"), ("key", "list"), ("room", "test", "Ops")):
        ran = await shell(*arguments)
        assert 1 == ran.code
        assert "install the add-on, or join a room" in ran.err


async def test_check(shell: Shell) -> None:
    """`check` writes a line for each thing, ends with 1 on a fault, and `--settings` keeps secrets to itself."""
    empty = await shell("check")
    await shell.add(shell.hipchat.group.room_token)
    joined = await shell("check")
    shown = await alertbot("check", "--settings", **shell.settings, SECRET_KEY="a secret of sixteen")

    assert 1 == empty.code
    assert "BAD  rooms: nobody has installed the bot yet" in empty.out
    assert (0, "") == (joined.code, joined.err)
    assert [] == [line for line in joined.out.splitlines() if not line.startswith("ok ")]
    assert 0 == shown.code
    assert "SECRET_KEY=(set)" in shown.out
    assert "a secret of sixteen" not in shown.out


async def test_check_of_nsca(shell: Shell) -> None:
    """`check` says where results go, and what is wrong with a key before an agent's first one is lost."""
    await shell.add(shell.hipchat.group.room_token)
    made = await shell("key", "create", "--room", "Ops", "--scope", "ingest")
    found = re.search(r"\b[A-Za-z0-9]{32}\b", made.out)
    assert found is not None
    shell.settings.update({"NSCA_PORT": "5667", "NSCA_KEY": found[0]})
    weak = await shell("check")
    strong = await alertbot("check", **shell.settings, NSCA_ENCRYPTION="14")
    unknown = await alertbot("check", **{**shell.settings, "NSCA_KEY": "X" * 32})

    assert [0, 0, 1] == [ran.code for ran in (weak, strong, unknown)]
    assert "ok   nsca: port 5667, results go to the feed" in strong.out
    assert ("NSCA_ENCRYPTION=14" in weak.out, "NSCA_ENCRYPTION=14" in strong.out) == (True, False)
    assert "BAD  nsca: NSCA_KEY is not known" in unknown.out
    assert found[0] not in weak.out + strong.out


async def test_check_of_installations(tmp_path: Path) -> None:
    """`check` reaches each installation's room, and finds one that Hipchat no longer knows."""
    url = f"sqlite:///{tmp_path / 'alertbot.db'}"
    async with staged(Settings(port=0, database_url=url), clock=MovableClock(), tls_port=0) as stage:
        client = await stage.install()
        await stage.room.sees("Alertbot is here")
        settings = {
            "DATABASE_URL": url,
            "HIPCHAT_HOSTS": "127.0.0.1",
            "HIPCHAT_CA_FILE": str(stage.server.ca_file),
            "BASE_URL": stage.bot_url,
        }
        good = await alertbot("check", **settings)
        await stage.server.connect.uninstall(client, silent=True)
        gone = await alertbot("check", **settings)

    assert 0 == good.code, good.out + good.err
    assert "room Ops (Example Corp): reached" in good.out
    assert 1 == gone.code
    assert "install the add-on again" in gone.out


async def test_two_groups_are_told_apart(shell: Shell) -> None:
    """With several groups --tenant is asked for, and the host tells groups of one name apart."""
    await shell.add(shell.hipchat.group.room_token)
    async with standin.running() as other:
        host = other.url.removeprefix("http://")
        joined = await shell("room", "add", other.group.room_token, "--host", other.url)
        asked = await shell("room", "list")
        same_name = await shell("room", "list", "--tenant", "Example Corp")
        told = await shell("room", "list", "--tenant", host)

    assert [0, 1, 1, 0] == [ran.code for ran in (joined, asked, same_name, told)]
    assert "--tenant" in asked.err
    assert host in same_name.err
    assert "Ops" in told.out


# --- config -----------------------------------------------------------------------------------------------------------

PLAN = """
[[route]]
name = "databases"
match = ["service=db"]
hold = "30s"
"""


async def test_whose_message_it_is(shell: Shell) -> None:
    """`config test --source auto` tells it by its shape: JSON, a form, a mail, another service's event."""
    await shell.add(shell.hipchat.group.room_token)
    await shell("key", "create", "--room", "Ops")
    files = ("newrelic/issue.json", "nagios/problem.form", "mail/nagios_problem.eml", "auto/pagerduty.json")
    tried = [await shell("config", "test", str(HERE / file), "--source", "auto") for file in files]

    assert [0] * 4 == [each.code for each in tried], tried[0].err
    heads = [each.out.splitlines()[0].rpartition(" ")[2] for each in tried]
    assert ["newrelic", "nagios", "mail", "pagerduty"] == heads


async def test_a_plan_goes_in_and_comes_out(shell: Shell, tmp_path: Path) -> None:
    """`config export` says what is in force, `import` what it changes, `test` where a payload would go."""
    await shell.add(shell.hipchat.group.room_token)
    await shell("key", "create", "--room", "Ops")
    empty = await shell("config", "export")
    file, payload = tmp_path / "plan.toml", tmp_path / "payload.json"
    file.write_text(PLAN)
    payload.write_text('[{"summary": "Disk full", "labels": {"service": "db"}}, {"summary": "Slow"}, {}]')
    tried = await shell("config", "test", str(payload), "--with", str(file))
    dry = await shell("config", "import", str(file), "--dry-run")
    brought = await shell("config", "import", str(file))
    again = await shell("config", "import", str(file))
    out = tmp_path / "out.toml"
    exported = await shell("config", "export", str(out))
    back = await shell("config", "import", str(out))
    tested = await shell("config", "test", str(payload))

    assert [0] * 8 == [each.code for each in (empty, tried, dry, brought, again, exported, back, tested)], tried.err
    assert "Nothing is configured yet" in empty.out
    assert "this would change; nothing was changed:\n  + route databases\n" == dry.out
    assert "changed:\n  + route databases\n" == brought.out
    assert ["nothing changes\n"] * 2 == [again.out, back.out]
    assert 'name = "databases"' in out.read_text()
    assert tried.out == tested.out
    assert [
        "firing warning Disk full: route databases, held 30s -> Ops",
        "firing warning Slow: no route takes it -> Ops",
        "rejected: summary is required, with 1 to 1024 characters (or dedup_key, when the status is an end)",
    ] == tested.out.splitlines()


async def test_a_wrong_plan_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    """Every problem is listed with its place; what is no TOML is refused too."""
    await shell.add(shell.hipchat.group.room_token)
    file = tmp_path / "plan.toml"
    file.write_text('[[route]]\nname = "a"\nroom = "Nowhere"\nhold = "soon"')
    wrong = await shell("config", "import", str(file))
    file.write_text("[[route")
    broken = await shell("config", "import", str(file))
    exported = await shell("config", "export")

    assert (1, 1, 0) == (wrong.code, broken.code, exported.code)
    assert "nothing was changed:" in wrong.err
    assert "/route/0/room: the bot is in no room Nowhere; there are: Ops" in wrong.err
    assert "/route/0/hold: is no span" in wrong.err
    assert "is no TOML" in broken.err
    assert "Nothing is configured yet" in exported.out


# --- zones ------------------------------------------------------------------------------------------------------------


async def test_zone_of_a_room(shell: Shell) -> None:
    """`room zone` shows a room's time zone, changes it, takes it away, and refuses what is none."""
    await shell.add(shell.hipchat.group.room_token)
    usual = await shell("room", "zone", "Ops")
    changed = await shell("room", "zone", "Ops", "Europe/Berlin")
    kept = await shell("room", "zone", "Ops")
    wrong = await shell("room", "zone", "Ops", "Mars/Base")
    back = await shell("room", "zone", "Ops", "default")

    assert "Ops\tthe zone of whoever asks (default)\n" == usual.out == back.out
    assert "Ops\tEurope/Berlin\n" == changed.out == kept.out
    assert 1 == wrong.code
    assert "there is no time zone Mars/Base" in wrong.err


# --- rights -----------------------------------------------------------------------------------------------------------


async def test_rights_of_a_room(shell: Shell) -> None:
    """`room rights` lists who may use which verb, changes it, and says what it does not know."""
    await shell.add(shell.hipchat.group.room_token)
    usual = await shell("room", "rights", "Ops")
    changed = await shell("room", "rights", "Ops", "close=admins", "ok=everybody", "stats=nobody")
    kept = await shell("room", "rights", "Ops", "stats=default")
    wrong = [await shell("room", "rights", "Ops", text) for text in ("clse=admins", "close=me", "close")]
    nowhere = await shell("room", "rights", "Nowhere", "close=admins")

    assert "close\tmembers (default)" in usual.out
    assert "list\teverybody (default)" in usual.out
    for line in ("close\tadmins\n", "ack\teverybody\n"):
        assert line in changed.out
        assert line in kept.out
    assert "stats\tnobody\n" in changed.out
    assert "stats\teverybody (default)" in kept.out
    assert [2, 2, 2, 1] == [each.code for each in (*wrong, nowhere)]
    assert "there is no verb clse" in wrong[0].err
    assert "everybody, members, admins, nobody and default" in wrong[1].err


# --- channels ---------------------------------------------------------------------------------------------------------


async def test_channels(shell: Shell, tmp_path: Path) -> None:
    """They are listed, tried out, and named when they are unknown; a refusal is explained, and no secret is written."""
    await shell.add(shell.hipchat.group.room_token)
    none = await shell("channel", "list")
    file = tmp_path / "plan.toml"
    async with sink() as there:
        file.write_text(
            f'[[channel]]\nname = "pager"\nkind = "pagerduty"\nurl = "{there.url}"\nrouting_key = "{TOKEN}"\n'
            '[[channel]]\nname = "mail"\nkind = "email"\nto = "ops@example.com"\n'
            '[[channel]]\nname = "nagios"\nkind = "nagios"\ncommand_file = "/etc/nowhere/nagios.cmd"\n'
        )
        await shell("config", "import", str(file))
        listed = await shell("channel", "list")
        private = await shell("channel", "test", "pager")
        shell.settings["CHANNEL_PRIVATE_HOSTS"] = "127.0.0.1"
        tested = await shell("channel", "test", "pager")
        unknown = await shell("channel", "test", "fax")
        replayed = await shell("channel", "replay", "pager")
        closed = await shell("channel", "test", "nagios")
        checked = await shell("check")

    assert [0, 0, 1, 0, 1, 0, 1] == [ran.code for ran in (none, listed, private, tested, unknown, replayed, checked)]
    assert "config import" in none.err
    assert "pager\tpagerduty\tnothing waits\nmail\temail\tnothing waits\nnagios\tnagios\tnothing waits\n" == listed.out
    assert "CHANNEL_PRIVATE_HOSTS" in private.err
    assert "pager: taken (202)\n" == tested.out
    assert ["trigger", "resolve"] == [seen.json["event_action"] for seen in there.seen]
    assert "there is no channel fax; there are: pager, mail, nagios" in unknown.err
    assert "pager: 0 to be sent again\n" == replayed.out
    assert "ok   channel pager (Example Corp): pagerduty, nothing waits" in checked.out
    assert "BAD  channel mail (Example Corp): SMTP_URL is not set" in checked.out
    assert "BAD  channel nagios (Example Corp): NAGIOS_COMMAND_FILES does not name" in checked.out
    assert "nagios: the file /etc/nowhere/nagios.cmd is not one of NAGIOS_COMMAND_FILES\n" in closed.err
    assert TOKEN not in "".join(ran.out + ran.err for ran in (listed, private, tested, unknown, replayed, checked))


async def test_who_has_ended_the_mails(shell: Shell, tmp_path: Path) -> None:
    """Is listed, and mailed again when an admin says so."""
    await shell.add(shell.hipchat.group.room_token)
    file = tmp_path / "plan.toml"
    file.write_text('[[channel]]\nname = "mail"\nkind = "email"\nto = "ops@example.com"\n')
    await shell("config", "import", str(file))
    storage = await open_storage(shell.settings["DATABASE_URL"], migrate=False)
    async with storage.begin() as tx:
        await mutes.add(tx, 1, "mail", "Ops@example.com", 0)
    await storage.close()
    listed = await shell("channel", "list")
    unmuted = await shell("channel", "unmute", "mail", "OPS@example.com")
    again = await shell("channel", "unmute", "mail", "ops@example.com")

    assert "mail\temail\tnothing waits, no mails to ops@example.com\n" == listed.out
    assert (0, "mail: OPS@example.com gets mails again\n") == (unmuted.code, unmuted.out)
    assert 1 == again.code
    assert "ops@example.com has not ended the mails of mail" in again.err


@pytest.mark.parametrize("name", ["Ops\n[[route]]\nname = 'x'", "Ops\r\x1b[31m", "Ops\u2028\u202e"])
async def test_names_from_outside(shell: Shell, name: str) -> None:
    """Write no line of their own into a plan, and nothing on a terminal but what is seen."""
    await shell.add(shell.hipchat.group.room_token)
    storage = await open_storage(shell.settings["DATABASE_URL"], migrate=False)
    async with storage.begin() as tx:
        await tx.run("UPDATE tenants SET name = :name", name=name)
        await tx.run("UPDATE rooms SET name = :name", name=name)
    await storage.close()
    plan = await shell("config", "export")
    rooms = await shell("room", "list")

    assert {} == tomllib.loads(plan.out)
    assert 1 == len(rooms.out.splitlines())
    assert rooms.out.strip().replace("\t", "").isprintable()
    assert all(line.isprintable() for line in plan.out.splitlines())


async def test_replay(shell: Shell) -> None:
    """With nothing to read anew it says so; before anything is joined it says what comes first."""
    empty = await shell("replay")
    await shell.add(shell.hipchat.group.room_token)
    nothing = await shell("replay", "--dry-run")

    assert 1 == empty.code
    assert "install the add-on, or join a room" in empty.err
    assert (0, "nothing that was kept is understood now and was not before\n") == (nothing.code, nothing.out)
