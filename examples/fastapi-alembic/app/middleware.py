"""Every answer names its release, and is counted."""

from typing import Any

from .lifetime import lifetime
from .metrics import requests
from .settings import get_settings


class NameRelease:
    def __init__(self, app: Any) -> None:
        self._app = app
        self._header = (b"x-build-version", get_settings().build_version.encode())

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        async def send_named(message: dict) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message["headers"] = [*message.get("headers", []), self._header]
            if message["type"] == "http.response.start":
                requests[message["status"]] += 1
                if lifetime.stopping.is_set():
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        await self._app(scope, receive, send_named)
