"""Tells a webhook that something is wrong. It never blocks and never fails the app: what cannot be delivered is counted."""

import json
import queue
import threading
import time
import urllib.request
from functools import lru_cache

from .log import say
from .settings import get_settings

TIMEOUT_SECONDS = 3
MOST_WAITING = 20


class Alerts:
    def __init__(self, url: str, build_version: str) -> None:
        self.enabled = url.startswith(("http://", "https://"))
        self.delivered = self.lost = 0
        self._url = url
        self._build_version = build_version
        self._waiting: "queue.Queue[bytes]" = queue.Queue(MOST_WAITING)
        self._thread: "threading.Thread | None" = None

    def send(self, event: str, **facts: object) -> None:
        if not self.enabled:
            return
        body = {"event": event, "buildVersion": self._build_version, "at": time.time(), **facts}
        try:
            self._waiting.put_nowait(json.dumps(body).encode())
        except queue.Full:
            self.lost += 1
            return
        self._start()

    def flush(self, seconds: float) -> None:
        """For a process about to end: waits until all is delivered or lost, but no longer than so many seconds."""
        deadline = time.monotonic() + seconds
        with self._waiting.all_tasks_done:
            while self._waiting.unfinished_tasks and time.monotonic() < deadline:
                self._waiting.all_tasks_done.wait(deadline - time.monotonic())

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver_all, name="alerts", daemon=True)
            self._thread.start()

    def _deliver_all(self) -> None:
        while True:
            body = self._waiting.get()
            try:
                self._deliver(body)
                self.delivered += 1
            except Exception as error:  # whatever a webhook does, it is no reason to end the thread
                self.lost += 1
                say("alert-lost", kind=type(error).__name__)
            finally:
                self._waiting.task_done()

    def _deliver(self, body: bytes) -> None:
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()


@lru_cache
def get_alerts() -> Alerts:
    settings = get_settings()
    return Alerts(settings.alert_webhook_url, settings.build_version)
