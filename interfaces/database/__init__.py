"""The records' tables, sessions over them, and the migrations."""

from __future__ import annotations

from pathlib import Path


def migrations_folder() -> Path:
    """Where the migrations lie."""
    return Path(__file__).parent / "migrations"
