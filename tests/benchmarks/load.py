"""Load from a process of its own: wrk with bodies written by a script, so that the client costs as little as possible."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONNECTIONS: Final = 64
BATCH: Final = 100
KEYS: Final = 1000

SINGLE: Final = "single"
REPEAT: Final = "repeat"
BATCHES: Final = "batch"

LACKING: Final = "wrk is needed: install Debian's wrk"

# Every body is one that a backend might send: about 190 bytes an alert.
SCRIPT: Final = """
local kind, key, run, keys, batch
local number, thread_number = 0, 0
local threads = {}
function setup(thread) thread:set("id", #threads); table.insert(threads, thread) end
function init(args)
  kind, key, run, keys, batch = args[1], args[2], args[3], tonumber(args[4]), tonumber(args[5])
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. key
end
local function alert(n)
  local name = kind == "repeat" and "repeat-" .. n % keys or run .. "-" .. id .. "-" .. n
  return '{"summary":"Disk of ' .. name .. ' is nearly full","severity":"warning","dedup_key":"' .. name ..
    '","labels":{"alertname":"DiskFull","host":"' .. name .. '","team":"storage"},"starts_at":"2026-11-23T10:00:00Z"}'
end
function request()
  if kind ~= "batch" then
    number = number + 1
    return wrk.format(nil, nil, nil, alert(number))
  end
  local items = {}
  for i = 1, batch do
    number = number + 1
    items[i] = alert(number)
  end
  return wrk.format(nil, nil, nil, "[" .. table.concat(items, ",") .. "]")
end
function done(summary, latency, requests)
  io.write(string.format('{"requests":%d,"us":%d,"bad":%d,"p50":%d,"p99":%d}\\n', summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write +
    summary.errors.timeout, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What a load came to: answers and alerts per second, and how long an answer took in milliseconds."""

    requests: int
    alerts: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Alerts per second."""
        return self.alerts / self.seconds


class Wrk:
    """The load generator, with its script in a folder."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("wrk")
        if found is None:
            raise SystemExit(LACKING)
        self._program = found
        self._script = folder / "load.lua"
        self._script.write_text(SCRIPT)
        self._runs = 0

    async def run(
        self,
        url: str,
        *,
        kind: str,
        key: str,
        seconds: float,
        connections: int = CONNECTIONS,
        path: str = "/api/v1/alerts",
    ) -> Load:
        """Post for some seconds. Raises RuntimeError when anything but 2xx was answered."""
        self._runs += 1
        arguments: Sequence[str] = (
            *("-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(self._script), url + path),
            *("--", kind, key, f"run{self._runs}", str(KEYS), str(BATCH)),
        )
        process = await asyncio.create_subprocess_exec(
            self._program, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        last = said.decode().strip().splitlines()[-1]
        if process.returncode or not last.startswith("{"):
            raise RuntimeError(said.decode())
        found = json.loads(last)
        if found["bad"]:
            raise RuntimeError(f"{found['bad']} of {found['requests']} requests were refused or failed")
        return Load(
            requests=found["requests"],
            alerts=found["requests"] * (BATCH if kind == BATCHES else 1),
            seconds=found["us"] / 1e6,
            p50=found["p50"] / 1e3,
            p99=found["p99"] / 1e3,
        )
