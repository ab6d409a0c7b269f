"""Who hears of changes: watchers (the page, the driver), webhooks, and the work that goes on in the background."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bot.standin.events import Event, Occurrence, Watch


class Broadcast:
    """Tells watchers and listeners; keeps the tasks that nobody waits for."""

    def __init__(self) -> None:
        self.on_occurrence: list[Callable[[Occurrence], None]] = []
        self._watches: list[Watch] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self) -> Watch:
        """Begin to collect events; `with hipchat.watch() as events: await events.get()`."""
        watch = Watch(self._watches.remove)
        self._watches.append(watch)
        return watch

    def publish(self, event: Event) -> None:
        """Tell every watcher."""
        for watch in self._watches:
            watch.put(event)

    def occur(self, occurrence: Occurrence) -> None:
        """Tell every listener, which is how webhooks hear of it."""
        for listener in self.on_occurrence:
            listener(occurrence)

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that nobody waits for but `idle()`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until all deliveries in flight, and those that they caused, have finished."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Cancel what still runs in the background."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
