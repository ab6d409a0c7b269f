"""NRDP's results, however they were pasted together, and what a plugin's output is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.signal import Signal
from bot.nsca import Packet
from bot.sources import nagios, nrdp, nrdp_xml, nsca
from bot.sources.payload import Payload
from bot.sources.plugin_output import lines_of

RESULT = {"hostname": "a", "state": "2", "output": "x"}


@pytest.mark.parametrize(
    ("xml", "results"),
    [
        (
            "<checkresults><checkresult><hostname>a</hostname><state>2</state><output>x</output></checkresult></checkresults>",
            [RESULT],
        ),
        ("<checkresult><hostname>a<state>2</state><output>x</checkresult>", [RESULT]),
        (
            "<CHECKRESULTS><CheckResult><HostName>a</HostName><State>2</State><Output>x</Output></CheckResult>&",
            [RESULT],
        ),
        ("<checkresult><hostname>a</hostname><state>2</state><output>x", [RESULT]),
        ("<checkresult><hostname>a</hostname><state>2</state><servicename/><output>x &", [{**RESULT, "output": "x &"}]),
        (
            "<checkresult><output>x < <state>0</state></output><hostname>a</hostname><state>2</state>",
            [{**RESULT, "output": "x < <state>0</state>"}],
        ),
        (
            "<checkresult><hostname>a</hostname><state>2</state><output>x</output><time>1</checkresult>",
            [{**RESULT, "time": "1"}],
        ),
        (
            "<checkresult><hostname>a</hostname><state>2</state><checkresult><hostname>b</hostname><state>0",
            [{"hostname": "a", "state": "2"}, {"hostname": "b"}],
        ),
        ("<checkresult><hostname>a</hostname><servicename>di", [{"hostname": "a"}]),
        (
            "<!DOCTYPE x [<!ENTITY h 'b'>]><checkresults><checkresult><hostname>&h;</hostname></checkresult></checkresults>",
            [{"hostname": "&h;"}],
        ),
        ("<checkresults><checkresult></checkresult>&", None),
        ("<a><b/></a>", None),
        ("", None),
    ],
)
def test_xml(xml: str, results: list[dict[str, str]] | None) -> None:
    """Tags that are known are found in any text; entities of its own are never expanded, half a name is none."""
    assert results == nrdp_xml.read(xml)


@given(text=st.text() | st.text(alphabet="<>/ &;![]CDATAcheckresultsnamoup", max_size=200))
def test_any_xml(text: str) -> None:
    """Is results or none, and never an error."""
    found = nrdp_xml.read(f"<checkresults><checkresult><hostname>a</hostname><state>2</state><output>{text}")

    assert found is None or "a" == found[0]["hostname"]


@pytest.mark.parametrize(
    "part",
    ["<output>", "<checkresult>", "<![CDATA[", "&", "&#", "<hostname", "</output>", "<", "<checkresult><hostname>"],
)
def test_takes_little_time(part: str) -> None:
    """A megabyte of any part is read in time in proportion to it."""
    begun = time.perf_counter()
    nrdp_xml.read(f"<checkresult><output>{part * (1_000_000 // len(part))}")

    assert 5 > time.perf_counter() - begun


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one", ("one", "")),
        ("one\\ntwo\\nthree", ("one", "two\nthree")),
        ("one\r\ntwo", ("one", "two")),
        (" \\none | p=1\n two ", ("one | p=1", "two")),
        ("", ("", "")),
    ],
)
def test_lines_of_an_output(text: str, lines: tuple[str, str]) -> None:
    r"""A line ends at its end, or at the two characters `\n`."""
    assert lines == lines_of(text)


def test_every_way_in_parts_lines() -> None:
    """NRDP in both formats, NSCA, and notifications of Nagios."""
    packet = Packet(timestamp=1, code=2, host="a", service="s", output="one\\ntwo")
    found = [
        *nrdp.results(
            '{"checkresults": [{"hostname": "a", "servicename": "s", "state": 2, "output": "one\\\\ntwo"}]}', xml=False
        ),
        *nrdp.results(
            "<checkresult><hostname>a</hostname><servicename>s</servicename><state>2</state><output>one\\ntwo",
            xml=True,
        ),
        *nsca.parse([packet]),
        *nagios.parse(
            Payload(
                body=b'{"type": "PROBLEM", "host": "a", "service": "s", "state": "CRITICAL", "output": "one\\\\ntwo"}'
            )
        ),
    ]

    assert {("s on a is CRITICAL: one", "two")} == {
        (each.summary, each.description) for each in found if isinstance(each, Signal)
    }
    assert 4 == len(found)


def test_long_output() -> None:
    """Is shown below what the output itself holds, with its lines."""
    body = b'{"type": "PROBLEM", "host": "a", "state": "DOWN", "output": "one\\ntwo", "long_output": "three\\\\nfour"}'
    (found,) = nagios.parse(Payload(body=body))

    assert isinstance(found, Signal)
    assert ("a is DOWN: one", "two\nthree\nfour") == (found.summary, found.description)
