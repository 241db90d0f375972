"""Export a run as a Workflow Run RO-Crate."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.orm import Session

from interfaces.crates.exporting import NO_LICENSE, Crate, CrateOptions, Definitions, graph_crate, job_crate
from interfaces.crates.people import Person, current_person
from interfaces.crates.records import GraphRecord
from interfaces.crates.software import software_versions
from interfaces.crates.writing import write_crate
from interfaces.database.component_records import find_components
from interfaces.database.graph_run_records import find_graph_run
from interfaces.database.interface_records import find_interfaces
from interfaces.database.job_records import load_job
from interfaces.errors import UnknownName, ValidationError
from interfaces.graph_run import GraphRun
from interfaces.jobs import ComponentJob
from interfaces.site import get_site


def export_crate(
    run: GraphRun | ComponentJob | str,
    path: Path | str,
    *,
    author: str | None = None,
    license: str | None = None,
    with_data: bool = True,
) -> Path:
    """Write a run and all that belongs to it as an RO-Crate, which `tasks.import_crate` reads back.

    Args:
        run: A run of a graph or a job, or the id of one or the start of it; of a graph's run it is that of its Prefect
            flow run.
        path: A ZIP file where it ends with ``.zip``, else a folder; it must not be there yet.
        author: Who ran it, where that is not what was kept: a name, or a name with an ORCID.
        license: The address or name of the license of the data.
        with_data: Whether values and models are copied into the crate (into a folder as hard links); else they are
            named by their SHA-256 alone.

    Returns:
        The path.

    Raises:
        UnknownName: No run or job has that id, or several have.
        ValidationError: It has not ended, or the path is taken.
        DefinitionError: The author is mistyped.
    """
    site = get_site()
    with site.database.session() as session:
        found = find_run(session, run)
        kept = found.run_by if isinstance(found, GraphRecord) else ""
        options = CrateOptions(
            author=Person.from_text(author or kept or current_person()),
            # Of a job nobody has kept what it ran with, so that it is what is installed now.
            software=found.software if isinstance(found, GraphRecord) else software_versions(),
            license=license or NO_LICENSE,
            with_data=with_data,
        )
        definitions = _definitions(session, found)
    crate: Crate
    if isinstance(found, GraphRecord):
        crate = graph_crate(site, found, definitions, options)
    else:
        crate = job_crate(site, found, definitions, options)
    target = Path(path)
    write_crate(crate, target)
    return target


def find_run(session: Session, run: GraphRun | ComponentJob | str) -> GraphRecord | ComponentJob:
    """What is kept of a run.

    Raises:
        UnknownName: Nothing is.
        ValidationError: It has not ended.
    """
    if isinstance(run, GraphRun):
        run = str(run.flow_run_id)
    if isinstance(run, ComponentJob):
        run = str(run.id)
    if not run.replace("-", "").strip():
        raise UnknownName("an id is empty; 'component-flows jobs' lists the jobs")
    record = find_graph_run(session, run)
    if record is not None:
        return record
    try:
        job = load_job(session, run)
    except UnknownName as error:
        raise UnknownName(
            f"no run of a graph that has ended and no job has the id '{run}', or several start so; 'component-flows "
            "jobs' lists the jobs, and the Prefect UI shows the ids of runs of graphs"
        ) from error
    if not job.status.is_final:
        raise ValidationError(f"the job {job.id} has not ended ({job.status.label}); export it afterwards")
    return job


def _definitions(session: Session, found: GraphRecord | ComponentJob) -> Definitions:
    jobs: Iterable[ComponentJob] = found.jobs.values() if isinstance(found, GraphRecord) else [found]
    components = find_components(session, {job.component for job in jobs})
    slugs = {slug for one in components.values() for slug in one.input_slugs | one.output_slugs}
    if isinstance(found, GraphRecord):
        slugs |= {slug for graph in (found.graph, *found.graphs.values()) for slug in graph.inputs.values()}
    return Definitions(components=components, interfaces=find_interfaces(session, slugs))
