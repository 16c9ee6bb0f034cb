"""On what was it measured? Cores, processor, versions; never the machine's name or its folders."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path


def described() -> dict[str, object]:
    """This machine, for the figures."""
    return {
        "cores": os.cpu_count(),
        "processor": _line("/proc/cpuinfo", "model name") or platform.machine(),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "klokker": version("klokker"),
    }


def load() -> float:
    """How busy the machine was in the last minute, ourselves included."""
    return round(os.getloadavg()[0], 2)


def _memory() -> str:
    kibibytes = _line("/proc/meminfo", "MemTotal").split()
    return f"{int(kibibytes[0]) / 2**20:.0f} GiB" if kibibytes else "unknown"


def _line(file: str, name: str) -> str:
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")
