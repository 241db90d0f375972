"""``export`` and ``import-crate``: a run as an RO-Crate, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interfaces.graph_values import Carried
    from tasks.import_crate import ImportedRun


@click.command()
@click.argument("run")
@click.option(
    "-o",
    "--output",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="A ZIP file where it ends with .zip, else a folder; it must not be there yet.",
)
@click.option("--author", help="Who ran it, with or without an ORCID: 'Ada Lovelace <0000-0002-1825-0097>'.")
@click.option("--license", help="The address or name of the license of the data.")
@click.option("--no-data", is_flag=True, help="Name values and models by their SHA-256 and leave them out.")
def export(run: str, path: Path, author: str | None, license: str | None, no_data: bool) -> None:
    """Export a run as an RO-Crate; RUN is the id of a job, or of the Prefect run of a graph, or the start of it."""
    from tasks.export_crate import export_crate

    click.echo(export_crate(run, path, author=author, license=license, with_data=not no_data))


@click.command("import-crate")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Let definitions here give way to those of the crate.")
@click.option("--run", "again", is_flag=True, help="Run it again, and say which outputs are the same.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_crate(path: Path, replace: bool, again: bool, as_json: bool) -> None:
    """Register what a crate's run was made of, and store its inputs."""
    from flows.commands.describing import print_json, values_document
    from tasks.import_crate import import_crate as import_it

    imported = import_it(path, replace=replace)
    same = _run_again(imported) if again else {}
    what = "graph" if imported.is_graph else "component"
    if as_json:
        print_json(
            {
                what: imported.name,
                "inputs": values_document(imported.inputs),
                "outputs": dict(imported.outputs),
                "changed": imported.registered.changed,
                **({"same": same} if again else {}),
            }
        )
        return
    click.echo(f"{what}: {imported.name}")
    click.echo(f"new or changed: {', '.join(imported.registered.changed) or 'nothing'}")
    click.echo(f"inputs: {', '.join(imported.inputs) or 'none'}")
    for name, is_same in same.items():
        click.echo(f"{name}: {'the same' if is_same else 'not the same as in the crate'}")


def _run_again(imported: ImportedRun) -> dict[str, bool]:
    """Run it, and tell by the name of each output of the crate whether it is the same."""
    from flows.component_job import run_component
    from flows.graph import run_graph

    inputs: dict[str, Any] = {
        name: list(one) if isinstance(one, tuple) else one for name, one in imported.inputs.items()
    }
    outputs: Mapping[str, Carried] = (
        run_graph(imported.name, inputs, refresh=True).outputs
        if imported.is_graph
        else run_component(imported.name, inputs).outputs
    )
    found = {
        name: tuple(part.sha256 for part in one) if isinstance(one, tuple) else one.sha256
        for name, one in outputs.items()
    }
    return {name: found.get(name) == sha256 for name, sha256 in imported.outputs.items()}
