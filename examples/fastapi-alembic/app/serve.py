"""`python3 -m app.serve`: uvicorn, which at SIGTERM ends streams in good order and finishes what is in flight."""

import asyncio
import signal
import sys
from typing import Any

# As PID 1 a process ignores what it has no handler for, and imports take a moment.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

import uvicorn  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

from .alerts import get_alerts  # noqa: E402
from .database import describe_failure, get_engine, prepare_sqlite  # noqa: E402
from .lifetime import lifetime  # noqa: E402
from .log import say  # noqa: E402
from .settings import InvalidSettings, Settings, get_settings  # noqa: E402

# Longer than a proxy in front keeps idle connections, so that it is never this side that closes one in use.
KEEP_ALIVE_SECONDS = 75
STREAMS_END_WITHIN_SECONDS = 5


class DrainingServer(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.should_exit:
            return
        self._loop = asyncio.get_running_loop()
        port = self.servers[0].sockets[0].getsockname()[1]
        say("listening", port=port, buildVersion=get_settings().build_version, databaseMode=get_settings().database_mode)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """uvicorn's own would close sockets without a word: they are ended first."""
        if lifetime.stopping.is_set() or not hasattr(self, "_loop"):
            self.should_exit = True
            return
        self._loop.call_soon_threadsafe(self._begin_to_stop, signal.Signals(sig).name)

    def _begin_to_stop(self, name: str) -> None:
        say("stopping", signal=name)
        lifetime.stopping.set()
        self._stop = asyncio.create_task(self._exit_after_streams())

    async def _exit_after_streams(self) -> None:
        await lifetime.streams_ended(STREAMS_END_WITHIN_SECONDS)
        self.should_exit = True


def main() -> int:
    try:
        settings = get_settings()
        if settings.on_sqlite:
            prepare_sqlite(get_engine())
        serve(settings)
        say("stopped")
        return 0
    except InvalidSettings as error:
        print(error, file=sys.stderr)
    except SQLAlchemyError as error:
        facts = describe_failure(error)
        print(f"The database could not be prepared: {facts}", file=sys.stderr)
        alert_failed_start(**facts)
    return 1


def serve(settings: Settings) -> None:
    from .main import app

    config = uvicorn.Config(
        app,
        host="0.0.0.0",
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    DrainingServer(config).run()


def alert_failed_start(**facts: object) -> None:
    alerts = get_alerts()
    alerts.send("start-failed", **facts)
    alerts.flush(3)


if __name__ == "__main__":
    sys.exit(main())
