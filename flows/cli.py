"""The command line: ``component-flows``."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from flows.commands.archives import archive
from flows.commands.batching import batch
from flows.commands.cleaning import clean
from flows.commands.crates import export, import_crate
from flows.commands.definitions import doctor, register
from flows.commands.deploying import deploy
from flows.commands.ending import cancel, reap, retry
from flows.commands.evaluating import evaluate, leaderboard
from flows.commands.images import images
from flows.commands.looking import jobs, logs, show
from flows.commands.planning import plan
from flows.commands.previewing import preview
from flows.commands.reporting import report
from flows.commands.running import run
from flows.commands.serving import server, ui
from flows.commands.statistics import stats
from flows.commands.tarballs import tarballs
from flows.commands.trying import lint, try_
from interfaces.errors import ComponentFlowsError

INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="component-flows")
def commands() -> None:
    """Run typed graphs of medical-imaging component containers.

    Exit codes: 0 done, 1 the job failed, 2 bad usage or bad definitions, 3 invalid inputs, 4 the engine or a service
    can't be reached, 130 interrupted.
    """


for _command in (
    doctor,
    register,
    run,
    plan,
    batch,
    deploy,
    evaluate,
    leaderboard,
    archive,
    jobs,
    show,
    logs,
    stats,
    report,
    server,
    ui,
    cancel,
    retry,
    reap,
    clean,
    preview,
    images,
    tarballs,
    export,
    import_crate,
    try_,
    lint,
):
    commands.add_command(_command)


def main() -> NoReturn:
    """Run a command; an error of ours is one sentence on stderr and its own exit code."""
    try:
        code = commands(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except ComponentFlowsError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); nobody is left to be told.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
