"""`python3 -m app.runtime_facts FILE`: writes what the entrypoint sources, the database's mode and URL among it.

Under EdgePaaS the host has resolved the mode and it is obeyed. Elsewhere it is resolved here, in the same way.
"""

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Mapping, Tuple

from .alerts import Alerts
from .settings import InvalidSettings, read_flag, read_number, require
from .wait_for_database import DatabaseRefused, DatabaseUnreachable, wait_for_database

SQLITE_FILES = {"laptop": "data/app.db"}
SQLITE_IN_CONTAINER = "/data/sqlite/app.db"


def find_facts(environment: Mapping[str, str]) -> "dict[str, str]":
    place = environment.get("APP_PLACE", "laptop")
    mode, reason = given_mode(environment) or resolve_mode(environment)
    facts = {"APP_PLACE": place, "FINAL_DB_MODE": mode, "FINAL_DB_MODE_REASON": reason}
    facts["SQLALCHEMY_URL"] = sqlite_url(environment, place) if mode == "sqlite_only" else postgres_url(environment)
    if place == "laptop":
        facts["BUILD_VERSION"] = environment.get("BUILD_VERSION") or "laptop"
        facts["CONTAINER_PORT"] = environment.get("CONTAINER_PORT") or "8000"
    return facts


def given_mode(environment: Mapping[str, str]) -> "Tuple[str, str] | None":
    mode = environment.get("FINAL_DB_MODE")
    return (mode, environment.get("FINAL_DB_MODE_REASON", "")) if mode else None


def resolve_mode(environment: Mapping[str, str]) -> Tuple[str, str]:
    if read_flag(environment, "USE_SQLITE"):
        return "sqlite_only", "USE_SQLITE is true"
    may_fall_back = read_flag(environment, "BOTH_DB")
    url = postgres_url(environment)
    attempts = max(1, read_number(environment, "MAX_RETRIES", 6, 1000))
    try:
        wait_for_database(url, attempts, read_number(environment, "RETRY_INTERVAL", 3, 3600))
    except DatabaseUnreachable as error:
        if not may_fall_back:
            raise
        return "sqlite_only", str(error)
    return ("try_postgres" if may_fall_back else "postgres_only"), "Postgres is in reach"


def postgres_url(environment: Mapping[str, str]) -> str:
    url = require(environment, "DATABASE_URL", "set it, or USE_SQLITE=true")
    return re.sub("^postgres:", "postgresql:", url)


def sqlite_url(environment: Mapping[str, str], place: str) -> str:
    given = environment.get("DATABASE_URL_SQLITE")
    if given:
        return given
    file = Path(SQLITE_FILES.get(place, SQLITE_IN_CONTAINER)).absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{file}"


def alert(error: Exception) -> None:
    alerts = Alerts(os.environ.get("ALERT_WEBHOOK_URL", ""), os.environ.get("BUILD_VERSION", ""))
    alerts.send("start-failed", kind=type(error).__name__)
    alerts.flush(3)


def main(file: str) -> int:
    try:
        facts = find_facts(os.environ)
    except (InvalidSettings, DatabaseUnreachable, DatabaseRefused, OSError) as error:
        print(error, file=sys.stderr)
        alert(error)
        return 1
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in facts.items()]
    Path(file).write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
