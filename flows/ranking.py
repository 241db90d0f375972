"""The leaderboard of a phase, as a table in Python and in the Prefect UI."""

from __future__ import annotations

import pandas as pd
from prefect.artifacts import acreate_table_artifact

from flows.calling import component_flow
from flows.leaderboard_table import leaderboard_rows
from interfaces.phase import PerAlgorithm
from tasks.in_thread import in_thread
from tasks.rank_evaluations import leaderboard_entries, leaderboard_frame


@component_flow(name="leaderboard", flow_run_name="leaderboard of {phase}")
async def leaderboard(phase: str, per_algorithm: str | None = None) -> pd.DataFrame:
    """The leaderboard of a phase, which is shown in the Prefect UI too.

    Args:
        phase: Its slug.
        per_algorithm: Which submissions of one algorithm stand on it: ``best``, ``latest`` or ``all``; None for the
            phase's own choice.

    Returns:
        One row a submission; the columns are those of `tasks.rank_evaluations.leaderboard_frame`.

    Raises:
        UnknownName: No such phase is registered.
        DefinitionError: `per_algorithm` is something else.
    """
    choice = PerAlgorithm.from_text(per_algorithm) if per_algorithm is not None else None
    await show_leaderboard(phase, choice)
    return await in_thread(leaderboard_frame, phase, per_algorithm=choice)


aleaderboard = leaderboard.aio
"""The async twin of `leaderboard`."""


async def show_leaderboard(slug: str, per_algorithm: PerAlgorithm | None = None) -> None:
    """Show a phase's leaderboard as a table in the Prefect UI; a phase that ranks nothing has none."""
    phase, entries = await in_thread(leaderboard_entries, slug, per_algorithm=per_algorithm)
    if not phase.ranking:
        return
    header, rows = leaderboard_rows(phase, entries)
    await acreate_table_artifact(
        table=[dict(zip(header, row, strict=True)) for row in rows],
        key=f"leaderboard-{slug}",
        description=f"Leaderboard of {phase.title}",
    )
