"""What looks after the app asks here. /health says whether it serves; /health/ready whether its database is as it needs it."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from .alerts import get_alerts
from .database import describe_failure, get_engine
from .lifetime import lifetime
from .schema import compare_schema
from .settings import get_settings
from .system import disk_percent, memory_percent

router = APIRouter()


async def health() -> JSONResponse:
    settings = get_settings()
    return report(
        "stopping" if lifetime.stopping.is_set() else "healthy",
        databaseMode=settings.database_mode,
        databaseModeReason=settings.database_mode_reason,
        place=settings.place,
    )


@router.get("/health/live")
async def live() -> JSONResponse:
    return report("healthy")


@router.get("/health/ready")
def ready() -> JSONResponse:
    facts = look_at_database()
    fault = "unreachable" if "kind" in facts else facts["schema"] if facts["schema"] == "behind" else None
    readiness.note(fault, facts)
    status = "stopping" if lifetime.stopping.is_set() else "degraded" if fault else "healthy"
    return report(status, databaseMode=get_settings().database_mode, **facts)


@router.get("/health/system")
def system() -> JSONResponse:
    settings = get_settings()
    folder = Path(settings.database_url.replace("sqlite:///", "", 1)).parent if settings.on_sqlite else Path("/")
    disk, memory = disk_percent(str(folder)), memory_percent()
    full = disk > settings.max_disk_percent or (memory or 0) > settings.max_memory_percent
    return report("exhausted" if full else "healthy", diskPercent=disk, memoryPercent=memory)


def look_at_database() -> dict:
    try:
        with get_engine().connect() as connection:
            connection.execute(text("SELECT 1"))
            return {"schema": "skipped" if get_settings().on_sqlite else compare_schema(connection)}
    except SQLAlchemyError as error:
        return describe_failure(error)


# Where the deployer asks, by its configuration: after the others, so that asking one of them gets that one.
router.add_api_route("/health", health)
router.add_api_route(get_settings().health_path, health)


class Readiness:
    """Alerts once when it goes and once when it is back, not at every look."""

    def __init__(self) -> None:
        self._fault: "str | None" = None

    def note(self, fault: "str | None", facts: dict) -> None:
        if fault == self._fault:
            return
        self._fault = fault
        get_alerts().send("degraded" if fault else "ready-again", **({"fault": fault, **facts} if fault else {}))


readiness = Readiness()


def report(status: str, **facts: object) -> JSONResponse:
    settings = get_settings()
    status = "unhealthy" if settings.never_healthy else status
    body = {"status": status, "buildVersion": settings.build_version, **facts}
    return JSONResponse(body, 200 if status == "healthy" else 503)
