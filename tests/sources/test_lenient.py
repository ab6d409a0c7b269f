"""Nearly JSON is read as far as it is plain, and never as more than that."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.lenient import documents
from tests.sources.hostile import VALUE


def read(text: str) -> list[Any]:
    """Return the documents as values; a cut one in a tuple of its own."""
    return [
        value if each.whole else (value,) for each in documents(text) if (value := json.loads(each.json)) is not ...
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"title":"a","text":"b\nc\td\x07"}', [{"title": "a", "text": "b\nc\td\x07"}]),
        (r'{"text":"it\'s"}', [{"text": "it's"}]),
        (r'{"text":"C:\temp\new\Users", "x": "a\nb"}', [{"text": r"C:\temp\new\Users", "x": "a\nb"}]),
        (r'{"text":"\\db1\share is full, 97\% of it",}', [{"text": r"\db1\share is full, 97\% of it"}]),
        (r'{"text":"C:\\temp\nnext",}', [{"text": "C:\\temp\nnext"}]),
        ('{"text":"\\ud83d\\ude00 \\"x\\"",}', [{"text": '\U0001f600 "x"'}]),
        ('{"a":1}{"a":2}', [{"a": 1}, {"a": 2}]),
        ('{"a":1}\n\n{"a":2}\n', [{"a": 1}, {"a": 2}]),
        ('{"a":1},\r\n{"a":2};', [{"a": 1}, {"a": 2}]),
        ('{"a":[1,2,],"b":{"c":3,},}', [{"a": [1, 2], "b": {"c": 3}}]),
        ('{"a":"b" "c":"d"\n"e":1}', [{"a": "b", "c": "d", "e": 1}]),
        ("{'a': None, 'b': True, 'c': False, 'd': \"it's\", 'e': 'x\"y'}", [{"a": None, "b": True, "c": False, "d": "it's", "e": 'x"y'}]),
        ("{title: Disk full, severity: critical, at: 2026-01-02}", [{"title": "Disk full", "severity": "critical", "at": "2026-01-02"}]),
        ("'{\"a\":1}'", [{"a": 1}]),
        ('{"a":"say "hi" now","b":"x"}', [{"a": 'say "hi" now', "b": "x"}]),
        ('{"a":"say "hi", then "go"","b":["p "q" r", "s"]}', [{"a": 'say "hi", then "go"', "b": ['p "q" r', "s"]}]),
        ('{"a":NaN,"b":-Infinity,"c":,"d":007}', [{"a": "NaN", "b": "-Infinity", "c": None, "d": "007"}]),
        ('\ufeff{"a":1} and more', [{"a": 1}]),
        ('{ // first\n "a":"b", /* x */ "c":"http://d",\n  # last\n "e":1\n}', [{"a": "b", "c": "http://d", "e": 1}]),
        ('{"a":{{ value }},"b":"x","c":${C},"d":<no value>,"e":{}}', [{"a": None, "b": "x", "c": None, "d": None, "e": {}}]),
        ('[{"a":1} {"a":2},]', [[{"a": 1}, {"a": 2}]]),
    ],
)  # fmt: skip
def test_plain(text: str, values: list[Any]) -> None:
    """What people see in such a text is what is read."""
    assert values == read(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"title":"x","text":"cut off he', {"title": "x", "text": "cut off he…"}),
        ('{"title":"x","key":12', {"title": "x", "key": "12…"}),
        ('{"title":"x","key":', {"title": "x"}),
        ('{"title":"x","ke', {"title": "x"}),
        ('{"title":"x","key"', {"title": "x"}),
        ('{"title":"x"', {"title": "x"}),
        ('{"title":"x","labels":{"host":"db1"},"l":[1,', {"title": "x", "labels": {"host": "db1"}, "l": [1]}),
        ('{"title":"x"]', {"title": "x"}),
        ('{"title":"x","on":tr', {"title": "x", "on": "tr…"}),
    ],
)
def test_cut_off(text: str, value: Any) -> None:
    """Of a text whose end is missing the rest is read; a value that may be longer is marked, so that it names nothing else."""
    assert [(value,)] == read(text)


@pytest.mark.parametrize(
    "text",
    ["", "x", "{", "[", "{}", "[]", "[PROBLEM] disk on a is CRITICAL", "{host:app7} Load is high", "{{ alert }}", "{x}", "[{", '["a", ]', "-{}"],
)  # fmt: skip
def test_other_texts(text: str) -> None:
    """A text that merely begins with a bracket is no JSON."""
    assert [] == read(text)


def test_a_name_that_comes_twice() -> None:
    """Where quotes are a part of a text and a name comes twice, nobody knows which one is meant."""
    ((found,),) = read('{"text":"he said "x","status":"resolved" ok","status":"firing"}')

    assert "firing" == found["status"]


@given(st.text())
def test_any_text(text: str) -> None:
    """Any text is read without an error, as sound JSON."""
    read(text)
    read("{" + text)
    read('{"a":"' + text)


@given(st.dictionaries(st.text(), VALUE, min_size=1), st.data())
def test_mutated(value: dict[str, Any], data: st.DataObject) -> None:
    """Sound JSON with something put in, taken out or cut off is read without an error; sound JSON is read as it is."""
    text = json.dumps(value)
    if len(text) < 900 and "\\\\" not in text:
        assert [value] == read(text)
    at = data.draw(st.integers(0, len(text)))
    upto = data.draw(st.integers(at, len(text)))
    put = data.draw(st.text(max_size=3) | st.sampled_from(['"', "\\", ",", "}", "{", "]", "\n", "'", ":"]))
    read(text[:at] + put + text[upto:])


@pytest.mark.parametrize(
    "part",
    ['{"a":"x\ny","b":[1,{"c":"d"}]}', '"', '",', '","' + "a" * 198, '" ' + " " * 1000, "\\", "C:\\t", "[", "{a:", "a:b,", '"\\', '", \'', "'", ":", "\n"],
)  # fmt: skip
def test_time(part: str) -> None:
    """The time is in proportion to the length."""
    spent = []
    for many in (100_000, 400_000):
        text = '{"a":"' + part * (many // len(part))
        begun = time.process_time()
        documents(text)
        documents(part * (many // len(part)))
        spent.append(time.process_time() - begun)

    assert spent[1] < 10 * spent[0] + 0.05
