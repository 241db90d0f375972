"""A site without what nothing needs any more."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.calling import component_flow
from flows.maintenance import areap
from interfaces.cleaning import Cleaned, Kind, Tally, Wanted
from interfaces.containers.protocol import ContainerEngine
from interfaces.engine import get_engine
from interfaces.errors import EngineUnavailable
from interfaces.periods import age
from interfaces.reports.words import bytes_text
from interfaces.site import get_site
from interfaces.statistics_tables import markdown
from tasks.clean import cleaned
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger

OLDER_THAN = "30d"


@task(name="clean", cache_policy=NO_CACHE)
async def clean_site(wanted: Wanted) -> Cleaned:
    """Remove what is needed no more; see `tasks.clean`."""
    return await in_thread(lambda: cleaned(get_site(), wanted, _engine()))


@component_flow(name="clean", flow_run_name="clean")
async def clean(
    older_than: str = OLDER_THAN, records: bool = False, graph_runs: bool = False, dry_run: bool = False
) -> Cleaned:
    """Remove what a site needs no more, on this machine; jobs may run meanwhile.

    Args:
        older_than: An age such as 30d; what was used since then stays.
        records: Whether the records of jobs that ended before that are removed, too.
        graph_runs: Whether the records of runs of graphs that ended before that are removed, too.
        dry_run: Whether to remove nothing and only tell.

    Raises:
        DefinitionError: `older_than` is no age.
        ServiceUnavailable: The database can't be reached.
    """
    wanted = Wanted(older_than=age(older_than), records=records, graph_runs=graph_runs, dry_run=dry_run)
    swept = () if dry_run else await _swept()
    done = await clean_site(wanted)
    done = Cleaned(tallies=(*swept, *done.tallies), problems=done.problems, dry_run=done.dry_run)
    for problem in done.problems:
        run_logger().warning("%s", problem)
    await acreate_markdown_artifact(report(done), key="clean", description="What was removed")
    return done


async def _swept() -> tuple[Tally, ...]:
    """What processes that died have left; nothing where no engine answers, which `cleaned` says."""
    try:
        reaping = await areap()
    except EngineUnavailable:
        return ()
    left = {Kind.CONTAINER: reaping.containers, Kind.VOLUME: reaping.volumes, Kind.FOLDER: reaping.folders}
    return tuple(Tally(kind=kind).with_all(dict.fromkeys(names, 0)) for kind, names in left.items() if names)


def _engine() -> ContainerEngine | None:
    try:
        engine = get_engine()
        engine.info()
    except EngineUnavailable:
        return None
    return engine


def table(done: Cleaned) -> tuple[list[str], list[list[str]]]:
    """Header and rows of what was removed, or would be."""
    header = ["what", "how many", "bytes", "such as"]
    rows = [
        [
            tally.kind.value,
            f"{tally.count:,}",
            bytes_text(tally.size_bytes or None),
            tally.names[0] if tally.names else "",
        ]
        for tally in done.tallies
    ]
    return header, rows


def report(done: Cleaned) -> str:
    """What was removed, as an artifact's text."""
    header, rows = table(done)
    what = "would be removed" if done.dry_run else "was removed"
    told = markdown(header, rows) if rows else f"Nothing {what}."
    total = f"\n\nTogether {bytes_text(done.size_bytes)} on disk." if done.size_bytes else ""
    problems = "".join(f"\n\n{problem}" for problem in done.problems)
    return f"## What {what}\n\n{told}{total}{problems}\n"


aclean = clean.aio
"""The async twin of `clean`."""
