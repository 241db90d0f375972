"""``evaluate`` and ``leaderboard``: how good algorithms are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interfaces.evaluations import Evaluation, EvaluationResult

_CHOICES = click.Choice(["best", "latest", "all"])


@click.command()
@click.argument("phase")
@click.argument("algorithm")
@click.argument("cases", required=False)
@click.option(
    "-i", "--input", "texts", multiple=True, metavar="NAME=VALUE_OR_PATH", help="An additional input; @FILE reads JSON."
)
@click.option(
    "--failed-cases",
    type=click.Choice(["fail", "score"]),
    default="fail",
    show_default=True,
    help="What a case does that fails: fail the evaluation, or be left out and scored as missing by it.",
)
@click.option("--parallel", type=click.IntRange(min=1), help="Most cases under way at a time.")
@click.option("--refresh", is_flag=True, help="Run everything, whatever was run before.")
@click.option("-o", "--output", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write outputs there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def evaluate(
    phase: str,
    algorithm: str,
    cases: str | None,
    texts: tuple[str, ...],
    failed_cases: str,
    parallel: int | None,
    refresh: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Evaluate a component or graph in a phase.

    CASES is a CSV file, a folder or an archive; the phase's own archive unless given.
    """
    from flows.commands.batching import cases_shown
    from flows.commands.describing import print_json
    from flows.commands.running import read_texts
    from flows.evaluation import evaluate as evaluate_flow
    from interfaces.database.interface_records import find_interfaces
    from interfaces.database.phase_records import find_phases
    from interfaces.export import export_values
    from interfaces.site import get_site

    with get_site().database.session() as session:
        additional = find_phases(session, [phase])[phase].additional_inputs
        interfaces = find_interfaces(session, additional)
    inputs = read_texts(texts, interfaces)
    with cases_shown():
        result = evaluate_flow(
            phase, algorithm, cases, inputs, failed_cases=failed_cases, parallel=parallel, refresh=refresh
        )
    if folder is not None:
        export_values(result.job.outputs, folder)
    if as_json:
        print_json(result_document(result))
    else:
        _tell(result)


def result_document(result: EvaluationResult) -> dict[str, Any]:
    """An evaluation's result as a JSON object."""
    return {
        **evaluation_document(result.evaluation),
        "metrics": result.metrics,
        "jobs": {case: str(job.id) for case, job in result.jobs.items()},
        "failed": dict(result.failed),
        "repeated": dict(result.repeated),
        "scores": dict(result.scores),
        "ranking_problems": list(result.ranking_problems),
        "rank": result.rank,
    }


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """A submission as a JSON object; times are ISO 8601 in UTC."""
    return {
        **evaluation.model_dump(mode="json", include={"id", "phase", "algorithm", "version", "failed_cases"}),
        "status": "INTERRUPTED" if evaluation.was_interrupted else evaluation.status.name,
        "created": evaluation.created.isoformat(),
        "completed_at": evaluation.completed_at and evaluation.completed_at.isoformat(),
        "job": str(evaluation.job) if evaluation.job else None,
        "error_message": evaluation.error_message,
        "flow_run_id": str(evaluation.flow_run_id) if evaluation.flow_run_id else None,
    }


def _tell(result: EvaluationResult) -> None:
    for case, why in result.failed.items():
        click.echo(f"the case {case} failed, and is scored as missing: {why}")
    for case, earlier in result.repeated.items():
        click.echo(f"the case {case} has the values of the case {earlier}, and is counted once")
    for metric, number in result.scores.items():
        click.echo(f"{metric} = {number:.6g}")
    for problem in result.ranking_problems:
        click.echo(problem)
    rank = "not ranked" if result.rank is None else f"rank {result.rank}"
    click.echo(f"{result.evaluation.algorithm} in {result.evaluation.phase}: {rank}")


@click.command()
@click.argument("phase")
@click.option(
    "--per-algorithm", type=_CHOICES, help="Which submissions of one algorithm stand on it; the phase's own choice."
)
@click.option("--submissions", is_flag=True, help="List all submissions instead, also those that failed.")
@click.option("-o", "--output", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write it as CSV there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def leaderboard(phase: str, per_algorithm: str | None, submissions: bool, file: Path | None, as_json: bool) -> None:
    """Show the leaderboard of a phase."""
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from flows.leaderboard_table import leaderboard_rows
    from interfaces.phase import PerAlgorithm
    from tasks.rank_evaluations import leaderboard_entries, leaderboard_frame

    if submissions:
        _list_submissions(phase, as_json=as_json)
        return
    choice = PerAlgorithm(per_algorithm) if per_algorithm else None
    if file is not None:
        leaderboard_frame(phase, per_algorithm=choice).to_csv(file, index=False)
    if as_json:
        table = leaderboard_frame(phase, per_algorithm=choice)
        table["submitted"] = [time.isoformat() for time in table["submitted"]]
        print_json(table.astype(object).where(table.notna(), None).to_dict(orient="records"))
        return
    found, entries = leaderboard_entries(phase, per_algorithm=choice)
    if entries:
        print_table(*leaderboard_rows(found, entries))
    else:
        click.echo("nothing was evaluated yet")


def _list_submissions(phase: str, *, as_json: bool) -> None:
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from flows.commands.versions import time_text
    from interfaces.database.evaluation_records import list_evaluations
    from interfaces.database.phase_records import find_phases
    from interfaces.site import get_site

    with get_site().database.session() as session:
        find_phases(session, [phase])  # an unknown name is told with the nearest one
        found = list_evaluations(session, phase)
    if as_json:
        print_json([evaluation_document(one) for one in found])
        return
    rows = [
        [
            str(one.id)[:8],
            one.algorithm,
            "Interrupted" if one.was_interrupted else one.status.label,
            time_text(one.created),
            one.error_message,
        ]
        for one in found
    ]
    print_table(["evaluation", "algorithm", "status", "submitted", "message"], rows)
