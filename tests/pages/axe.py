"""Axe: a well-kept checker of what pages ask of people who do not see or click them, from npm."""

import asyncio
import os
from pathlib import Path

from playwright.async_api import Frame

from tests.needs import needs

AXE = "axe-core@4.10.3"
SERIOUS = {"serious", "critical"}


async def axe_script(folder: Path) -> str:
    """Return the checker: from ALERTBOT_NODE_MODULES, else what npm fetches now."""
    kept = Path(os.environ.get("ALERTBOT_NODE_MODULES", folder / "node_modules")) / "axe-core" / "axe.min.js"
    if not kept.is_file():
        npm = needs("npm", "npm")
        process = await asyncio.create_subprocess_exec(
            npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), AXE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode != 0:
            needs("axe-core", f"npm, and let it fetch {AXE}: {output.decode()[-300:]}")
        kept = folder / "node_modules" / "axe-core" / "axe.min.js"
    return kept.read_text()


async def serious(frame: Frame, script: str) -> list[str]:
    """Return what is serious in a page, with the places. The page's policy forbids inline scripts, so it is evaluated."""
    await frame.evaluate(script)
    passed, found = await frame.evaluate(
        "axe.run(document).then((result) => [result.passes.length, result.violations.map("
        "(each) => [each.impact, each.id, each.nodes.map((node) => node.target.join(' ')).join(', '), each.help])])"
    )
    assert passed > 10, "the checker looked at too little"
    return [f"{rule}: {help_} ({places})" for impact, rule, places, help_ in found if impact in SERIOUS]
