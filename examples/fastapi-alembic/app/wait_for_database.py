"""Waits until Postgres answers: `python3 -m app.wait_for_database`, by DATABASE_URL, MAX_RETRIES and RETRY_INTERVAL."""

import os
import re
import sys
import time
from typing import Callable

import psycopg2

from .settings import InvalidSettings, read_number, require

# What a server says that will not go away by waiting: a wrong password, a missing database, no SSL, an untrusted certificate.
REFUSAL = re.compile(r"FATAL:|SSL|certificate|invalid |does not exist")
# ... but these do, and waiting is right.
PASSING = re.compile(r"starting up|shutting down|recovery mode|too many (clients|connections)|connection slots")


class DatabaseUnreachable(Exception):
    """No server answered, in all the attempts."""


class DatabaseRefused(Exception):
    """A server answered, and does not let the app in."""


def wait_for_database(
    url: str, attempts: int, interval: float, connect: Callable = psycopg2.connect, sleep: Callable = time.sleep
) -> int:
    """The number of attempts it took. `interval` is in seconds."""
    for attempt in range(1, attempts + 1):
        failure = try_once(url, connect)
        if failure is None:
            return attempt
        print(f"Postgres is out of reach (attempt {attempt} of {attempts}): {failure}", file=sys.stderr)
        if attempt < attempts:
            sleep(interval)
    raise DatabaseUnreachable(f"Postgres was out of reach in {attempts} attempts {interval:g} s apart")


def try_once(url: str, connect: Callable) -> "str | None":
    """Why it is out of reach, if it is."""
    try:
        connect(url, connect_timeout=5).close()
        return None
    except psycopg2.OperationalError as error:
        said = without_secrets(str(error), url)
        if REFUSAL.search(said) and not PASSING.search(said):
            raise DatabaseRefused(said) from None
        return said
    except psycopg2.ProgrammingError as error:  # libpq cannot read the URL, and quotes it
        raise DatabaseRefused("DATABASE_URL is no connection string that Postgres understands") from None


def without_secrets(said: str, url: str) -> str:
    """libpq names host and user, not the password; where it quotes the URL itself, that is left out."""
    password = re.search(r"//[^:/@]*:([^@]*)@", url)
    for secret in (url, password and password.group(1)):
        if secret:
            said = said.replace(secret, "***")
    return " ".join(said.split())


def main() -> int:
    try:
        url = require(os.environ, "DATABASE_URL", "there is nothing to wait for")
        attempts = max(1, read_number(os.environ, "MAX_RETRIES", 6, 1000))
        wait_for_database(url, attempts, read_number(os.environ, "RETRY_INTERVAL", 3, 3600))
        return 0
    except (InvalidSettings, DatabaseUnreachable, DatabaseRefused) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
