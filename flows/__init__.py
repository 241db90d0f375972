"""Prefect flows, called as functions: register, run a component, run a graph, summarise jobs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from interfaces.secrets import read_blocks_with
from interfaces.secrets_in_logs import keep_secrets_out_of_logs

if TYPE_CHECKING:
    from flows.batch import arun_batch as arun_batch
    from flows.batch import arun_batch_to_file as arun_batch_to_file
    from flows.batch import run_batch as run_batch
    from flows.batch import run_batch_to_file as run_batch_to_file
    from flows.cleaning import aclean as aclean
    from flows.cleaning import clean as clean
    from flows.component_job import aretry_job as aretry_job
    from flows.component_job import arun_component as arun_component
    from flows.component_job import retry_job as retry_job
    from flows.component_job import run_component as run_component
    from flows.deployments import adeploy as adeploy
    from flows.deployments import deploy as deploy
    from flows.evaluation import aevaluate as aevaluate
    from flows.evaluation import evaluate as evaluate
    from flows.graph import arun_graph as arun_graph
    from flows.graph import run_graph as run_graph
    from flows.maintenance import areap as areap
    from flows.maintenance import reap as reap
    from flows.ranking import aleaderboard as aleaderboard
    from flows.ranking import leaderboard as leaderboard
    from flows.registration import aregister as aregister
    from flows.registration import register as register
    from flows.registration import register_graph as register_graph
    from flows.reports import areport as areport
    from flows.reports import report as report
    from flows.statistics import ajob_statistics as ajob_statistics
    from flows.statistics import job_statistics as job_statistics

_HOMES = {
    "adeploy": "deployments",
    "deploy": "deployments",
    "aevaluate": "evaluation",
    "aleaderboard": "ranking",
    "evaluate": "evaluation",
    "leaderboard": "ranking",
    "arun_batch": "batch",
    "arun_batch_to_file": "batch",
    "run_batch": "batch",
    "run_batch_to_file": "batch",
    "aclean": "cleaning",
    "clean": "cleaning",
    "ajob_statistics": "statistics",
    "aregister": "registration",
    "arun_component": "component_job",
    "arun_graph": "graph",
    "aretry_job": "component_job",
    "areap": "maintenance",
    "areport": "reports",
    "reap": "maintenance",
    "retry_job": "component_job",
    "job_statistics": "statistics",
    "report": "reports",
    "register": "registration",
    "register_graph": "registration",
    "run_component": "component_job",
    "run_graph": "graph",
}

__all__ = sorted(_HOMES)


def _read_block(name: str) -> Mapping[str, Any]:
    from flows.blocks import read_block

    return read_block(name)


# Prefect reports usage as it is imported, also by tasks, unless this is set before.
os.environ.setdefault("DO_NOT_TRACK", "1")
# Wherever flows run, in a worker's process too.
keep_secrets_out_of_logs()
read_blocks_with(_read_block)


def __getattr__(name: str) -> Any:
    """Import a flow when it is first asked for, so that commands that only look need not wait for Prefect."""
    if name not in _HOMES:
        raise AttributeError(f"module 'flows' has no attribute '{name}'")
    return getattr(import_module(f"flows.{_HOMES[name]}"), name)
