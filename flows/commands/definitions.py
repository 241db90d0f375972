"""``doctor`` and ``register``: what is here, and what there is to run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import click

from interfaces.errors import ComponentFlowsError, EngineUnavailable
from interfaces.secrets import without_secrets

GB = 2**30
LITTLE_SPACE_GB = 5


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def register(paths: tuple[Path, ...], as_json: bool) -> None:
    """Register the definitions in files or folders; doing it again changes nothing."""
    from flows.commands.describing import print_json
    from flows.registration import register as register_flow

    done = register_flow(*paths)
    if as_json:
        print_json(done.model_dump())
        return
    for what in ("interfaces", "components", "graphs", "phases"):
        if slugs := getattr(done, what):
            click.echo(f"{what}: {', '.join(slugs)}")
    click.echo(f"new or changed: {', '.join(done.changed) or 'nothing'}")


def _engine() -> str:
    from interfaces.engine import get_engine

    info = get_engine().info()
    return f"{info.version}, {info.cpus} cores, {info.memory_bytes / GB:.1f} GB, cgroup v{info.cgroup_version}"


def _database() -> str:
    from interfaces.site import get_site

    return get_site().database.engine.url.render_as_string()


def _store() -> str:
    from interfaces.site import get_site

    store = get_site().store
    if not store.is_shared:
        return ""  # it is a folder of the home folder
    with get_site().scratch() as folder:
        (folder / "check").write_text("Written by component-flows doctor, to see whether it may.\n")
        store.share(folder / "check", f"check/{uuid4().hex}", keep=False)
    return str(store)


def _server() -> str:
    from flows.server import status

    found = status()
    return f"running at {found.url}" if found.running else "not running; the first run starts it"


def _space() -> str:
    from interfaces.site import get_site

    home = get_site().home
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free / GB
    if free < LITTLE_SPACE_GB:
        raise ComponentFlowsError(f"only {free:.1f} GB are free in {home}; free some, or set COMPONENT_FLOWS_HOME")
    return f"{free:.0f} GB free in {home}"


CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("Container engine", _engine),
    ("Database", _database),
    ("File store", _store),
    ("Prefect server", _server),
    ("Disk", _space),
)


@click.command()
def doctor() -> None:
    """Say what is missing here, and how to mend it."""
    problems: list[ComponentFlowsError] = []
    for name, check in CHECKS:
        try:
            if told := check():
                click.echo(f"ok       {name}: {without_secrets(told)}")
        except ComponentFlowsError as error:
            problems.append(error)
            click.echo(f"MISSING  {name}: {error}")
    if problems:
        worst = next((one for one in problems if isinstance(one, EngineUnavailable)), problems[0])
        raise click.exceptions.Exit(worst.exit_code)
