"""How full disk and memory are, in percent, from the kernel; where it does not say, nothing is claimed."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def disk_percent(folder: str) -> float:
    """As df has it: of what the app's user can have, since some of it may be kept for root."""
    facts = os.statvfs(folder)
    used = facts.f_blocks - facts.f_bfree
    return round(100 * used / (used + facts.f_bavail), 1) if used else 0.0


def memory_percent() -> "float | None":
    """Of the container's limit, or of the machine where there is none."""
    return container_memory() or machine_memory()


def container_memory() -> "float | None":
    limit, used = read(CGROUP / "memory.max"), read(CGROUP / "memory.current")
    if not limit.isdigit() or not used.isdigit():
        return None
    # Pages of files that the kernel gives back when asked are no shortage.
    spare = read_fields(CGROUP / "memory.stat").get("inactive_file", 0)
    return round(100 * (int(used) - spare) / int(limit), 1)


def machine_memory() -> "float | None":
    fields = read_fields(Path("/proc/meminfo"))
    total, available = fields.get("MemTotal"), fields.get("MemAvailable")
    return round(100 * (1 - available / total), 1) if total and available is not None else None


def read_fields(file: Path) -> "dict[str, int]":
    lines = (line.replace(":", "").split() for line in read(file).splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}


def read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return ""
