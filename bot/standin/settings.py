"""The stand-in's switches: what is unconfirmed about the real Hipchat, each with its default (hipchat-api.md 18)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Times in seconds; `U n` names the line of hipchat-api.md 18 that the switch stands for."""

    webhook_timeout: float = 10.0  # U 1
    webhook_retries: int = 0  # U 1
    webhook_disabled_after: int | None = None  # U 1: failures in a row
    jwt_in: Literal["header", "query", "both"] = "header"  # U 2
    guest_from: Literal["object", "string"] = "object"  # U 4
    retry_after: bool = False  # U 6
    room_token_elsewhere: Literal[403, 404] = 403  # U 8
    update_with_group: bool = True  # U 9
    update_order: Literal["post-first", "delete-first"] = "post-first"  # U 9
    installable_again: int = 404  # U 10
    archived_refusal: int = 403  # U 11
    callback_timeout: float = 10.0  # U 14
    addon_private_message: Literal[204, 403] = 204  # U 15
    answers_use_flood_control: bool = True  # U 18
    reorder_hold: float = 0.5  # how long the `reorder` fault waits for a later delivery
    expires_in: int = 28800  # of add-on tokens; 3600 and 431999999 occurred too (3.2)
    rate_window: float = 300.0
    addon_rate: int = 500
    user_rate: int = 100
    flood_window: float = 60.0
    flood_limit: int = 30
    message_limit: int = 32768  # of a person's message (10.1); the REST page's 1000 is unconfirmed (13)
    receiver_ca_file: str | None = None  # trusted besides the system's when webhooks and callbacks go to https
