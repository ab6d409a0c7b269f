"""OpenAPI 3.1 of our own API, made of the structs that decode and answer."""

import functools
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from bot.domain.signal import LABEL_NAME_LIMIT
from bot.sources.generic import PostedAlert
from bot.web import api, ingest
from bot.web.bodies import ActionBody, AlertBody, AlertsBody, HistoryBody, ProblemBody, ResultsBody
from bot.web.errors import PROBLEM_JSON

TITLE = "alertbot"
VERSION = "1"
DESCRIPTION = (
    "Alerts in, and what became of them. A key belongs to one feed: it posts to that feed, and sees and changes that "
    "feed's alerts only. Times in answers are RFC 3339 in UTC with milliseconds."
)
KEY_HEADER = "The same key, for senders that can only set a header of their own"
PASSWORD = "The key as password, with any user name"  # noqa: S105 - a description

REFUSALS: Mapping[str, str] = {
    "400": "The request could not be read, or none of its alerts was good",
    "401": "No key, or an unknown or revoked one",
    "403": "The key lacks the scope",
    "404": "There is no such alert in the key's feed",
    "409": "The alert's state does not allow it",
    "413": f"The body is too large, or holds more than {ingest.ITEMS_LIMIT:,} alerts",
    "415": "The body is not JSON",
    "422": "A value that cannot be used",
    "503": "Nothing was stored; send it again after Retry-After seconds",
}
ACTIONS: Mapping[str, str] = {
    "ack": "Acknowledge an alert",
    "unack": "Take the acknowledgement back",
    "close": "Close an alert",
    "reopen": "Open a closed alert again",
    "assign": "Give an alert an owner",
    "snooze": "Put an alert aside for a time",
    "wake": "End an alert's snooze",
    "note": "Add a note to an alert's history",
}

NUMBER = {
    "name": "n",
    "in": "path",
    "required": True,
    "description": "the alert's number",
    "schema": {"type": "integer", "minimum": 1, "maximum": 10**api.NUMBER_DIGITS - 1},
}
WORDS = r"[^\s\u0000-\u001f\u0085]"
"""Something that is no blank."""
USABLE: Mapping[str, Any] = {
    "anyOf": [
        {"required": ["summary"], "properties": {"summary": {"pattern": WORDS}}},
        {
            "required": ["status", "dedup_key"],
            "properties": {
                "status": {"enum": ["resolved", "acknowledged"]},
                "dedup_key": {"type": "string", "minLength": 1},
            },
        },
    ]
}
"""What an alert needs: words, or the name of a problem that somebody has or that is over."""
SPAN = "^([1-9][0-9]{0,2}[mh]|([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])d)$"
UNTIL = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "pattern": SPAN}]}
"""A time in the future, or a span; others are taken, too."""
NOTHING = {"type": "null"}
NEEDED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "assign": ("to", {"type": "string", "maxLength": api.NAME_LIMIT, "pattern": "[A-Za-z0-9]"}),
    "snooze": ("until", UNTIL),
    "note": ("note", {"type": "string", "pattern": WORDS}),
}
"""The member that an action cannot do without."""
ENDING = frozenset({"ack", "snooze"})
"""Actions whose effect may end by itself."""


def routes() -> list[web.RouteDef]:
    """Return the route of the document."""
    return [web.get("/api/v1/openapi.json", get_openapi)]


async def get_openapi(_request: web.Request) -> web.Response:
    """Answer the document; it takes no key."""
    return web.Response(body=_document(), headers={"Content-Type": "application/json"})


@functools.cache
def _document() -> bytes:
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    """Return the document."""
    structs = [PostedAlert, ResultsBody, AlertsBody, AlertBody, HistoryBody, ActionBody, ProblemBody]
    _, components = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    components["PostedAlert"] |= USABLE
    actions = {f"/api/v1/alerts/{{n}}/{name}": {"post": _action(name, text)} for name, text in ACTIONS.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "security": [{"bearer": []}, {"header": []}, {"basic": []}],
        "paths": {
            "/api/v1/alerts": {"post": _post(), "get": _list()},
            "/api/v1/alerts/{n}": {
                "get": _operation("getAlert", "Read an alert", AlertBody, "404", parameters=[NUMBER])
            },
            "/api/v1/alerts/{n}/history": {
                "get": _operation(
                    "getHistory",
                    "Read an alert's history, oldest first",
                    HistoryBody,
                    "404",
                    "422",
                    parameters=[NUMBER, *_page(f"{api.HISTORY_LIMIT} changes when not given")],
                )
            },
            **actions,
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": KEY_HEADER},
                "basic": {"type": "http", "scheme": "basic", "description": PASSWORD},
            },
        },
    }


def _ref(struct: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{struct.__name__}"}


def _json(schema: Mapping[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"content": {kind: {"schema": schema}}}


def _operation(
    name: str, summary: str, result: type[msgspec.Struct], *refusals: str, status: str = "200", **more: Any
) -> dict[str, Any]:
    answers = {status: {"description": summary, **_json(_ref(result))}}
    for code in sorted({"401", "403", "503", *refusals}):
        answers[code] = {"description": REFUSALS[code], **_json(_ref(ProblemBody), PROBLEM_JSON)}
    return {"operationId": name, "summary": summary, "responses": answers, **more}


def _post() -> dict[str, Any]:
    many = {"type": "array", "items": _ref(PostedAlert), "minItems": 1, "maxItems": ingest.ITEMS_LIMIT}
    body = {"required": True, **_json({"oneOf": [_ref(PostedAlert), many]})}
    return _operation(
        "postAlerts",
        "Post one alert or several; answered when they are stored",
        ResultsBody,
        "400",
        "413",
        "415",
        status="202",
        requestBody=body,
    )


def _list() -> dict[str, Any]:
    severity = "|".join(api.SEVERITIES)
    labels = {
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": api.TEXT_LIMIT},
        "propertyNames": {"minLength": 1, "maxLength": LABEL_NAME_LIMIT},
        "maxProperties": api.LABELS_LIMIT,
    }
    words = {"type": "string", "maxLength": api.TEXT_LIMIT, "pattern": rf"^\S*(\s+\S+){{0,{api.WORDS_LIMIT - 1}}}\s*$"}
    parameters = [
        _parameter("state", {"enum": list(api.STATES), "default": "active"}),
        _parameter(
            "severity",
            {"type": "string", "pattern": f"^({severity})(,({severity})){{0,3}}$"},
            f"{', '.join(api.SEVERITIES)}, or several with commas between them",
        ),
        _parameter(
            "label",
            labels,
            "written label[NAME]=VALUE or label.NAME=VALUE; all that are given must hold",
            style="deepObject",
        ),
        _parameter("q", words, "words that summary, description and labels all hold, in any case"),
        *_page(f"{api.LIMIT_DEFAULT} alerts when not given"),
    ]
    return _operation("listAlerts", "List alerts, newest first", AlertsBody, "400", "422", parameters=parameters)


def _page(limit: str) -> list[dict[str, Any]]:
    return [
        _parameter("limit", {"type": "integer", "minimum": 1, "maximum": api.LIMIT_MOST}, limit),
        _parameter(
            "cursor",
            {"type": "string", "pattern": f"^[0-9]{{1,{api.NUMBER_DIGITS}}}$"},
            "what `next` of the page before said",
        ),
    ]


def _parameter(name: str, schema: Mapping[str, Any], description: str = "", **more: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "schema": schema,
        **({"description": description} if description else {}),
        **more,
    }


def _action(name: str, text: str) -> dict[str, Any]:
    return _operation(
        f"{name}Alert",
        text,
        AlertBody,
        "400",
        "404",
        "409",
        "413",
        "415",
        "422",
        parameters=[NUMBER],
        requestBody={"required": name in NEEDED, **_json(_action_body(name))},
    )


def _action_body(name: str) -> dict[str, Any]:
    """Return the schema of what an action is told: ActionBody, and what this action needs and cannot do."""
    narrower: dict[str, Any] = {}
    if name in ENDING:
        narrower["until"] = {"anyOf": [*UNTIL["anyOf"], NOTHING]}
    else:
        narrower["until"] = NOTHING
    needed = NEEDED.get(name)
    if needed is not None:
        narrower[needed[0]] = needed[1]
    required = {"required": [needed[0]]} if needed is not None else {}
    return {"allOf": [_ref(ActionBody)], "type": "object", "properties": narrower, **required}
