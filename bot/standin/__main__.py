"""`python -m bot.standin`: the stand-in alone, until it is interrupted."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys

from bot.standin.server import describe, running


async def serve(port: int, tls_port: int, *, as_json: bool) -> None:
    """Run until SIGINT or SIGTERM; say first where it listens and which tokens there are."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with running(port=port, tls_port=tls_port) as server:
        about = describe(server)
        text = json.dumps(about) if as_json else json.dumps(about, indent=2)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        await stop.wait()


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="http port; 0 picks a free one")
    parser.add_argument("--tls-port", type=int, default=0, help="https port; 0 picks a free one")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    chosen = parser.parse_args(arguments)
    asyncio.run(serve(chosen.port, chosen.tls_port, as_json=chosen.json))


if __name__ == "__main__":
    main()
