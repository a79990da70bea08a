"""/metrics, in Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/"""

import json
import time
from collections import Counter
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from .alerts import get_alerts
from .lifetime import lifetime
from .settings import get_settings
from .system import read_fields

router = APIRouter()
requests: "Counter[int]" = Counter()


@router.get("/metrics")
async def metrics() -> PlainTextResponse:
    settings, alerts = get_settings(), get_alerts()
    labels = f"build_version={json.dumps(settings.build_version)},database_mode={json.dumps(settings.database_mode)}"
    lines = [
        "# TYPE app_info gauge",
        f"app_info{{{labels}}} 1",
        "# TYPE app_requests_total counter",
        *(f'app_requests_total{{status="{status}"}} {count}' for status, count in sorted(requests.items())),
        "# TYPE app_event_streams gauge",
        f"app_event_streams {lifetime.event_streams}",
        "# TYPE app_websockets gauge",
        f"app_websockets {lifetime.sockets}",
        "# TYPE app_alerts_total counter",
        f'app_alerts_total{{result="delivered"}} {alerts.delivered}',
        f'app_alerts_total{{result="lost"}} {alerts.lost}',
        "# TYPE process_uptime_seconds gauge",
        f"process_uptime_seconds {time.monotonic() - lifetime.started_at:.3f}",
        "# TYPE process_resident_memory_bytes gauge",
        f"process_resident_memory_bytes {resident_bytes()}",
    ]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def resident_bytes() -> int:
    return 1024 * read_fields(Path("/proc/self/status")).get("VmRSS", 0)
