"""From start to SIGTERM and until the last stream has ended."""

import asyncio
import time


class Lifetime:
    def __init__(self) -> None:
        self.started_at = time.monotonic()
        # Since SIGTERM: streams and sockets end, what else is in flight is finished.
        self.stopping = asyncio.Event()
        self.event_streams = 0
        self.sockets = 0

    async def stops_within(self, seconds: float) -> bool:
        """Waits so long, or until the app stops."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except asyncio.TimeoutError:
            pass
        return self.stopping.is_set()

    async def streams_ended(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (self.event_streams or self.sockets) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)


lifetime = Lifetime()
