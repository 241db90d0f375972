"""The edges that Prefect draws between the sub-flows of a flow.

Prefect finds them by object identity: it remembers the results of sub-flows and looks for them in the parameters of the
next ones. Left to itself it remembers each field of a result too, and looks through all of the parameters: so an enum
member or an empty string, which every record shares, makes an edge to whichever sub-flow ended last, while an output
that is taken out of a job makes none. Here only records are remembered and found, and only those that are handed on.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from enum import Enum
from functools import partial
from typing import Any

from prefect.client.schemas.objects import FlowRun, RunType, State, StateDetails
from prefect.context import FlowRunContext
from prefect.states import Running
from prefect.utilities.annotations import opaque
from prefect.utilities.engine import get_state_for_result

from flows.parameters import parts


def upstream_of(values: Iterable[Any]) -> list[Any]:
    """What a sub-flow waits for: the records in the values that an earlier sub-flow or task of this flow handed on.

    Each is wrapped so that Prefect looks for nothing inside it.
    """
    found = {id(one): one for value in values for one in parts(value) if is_record(one)}
    return [opaque(one) for one in found.values() if get_state_for_result(one) is not None]


def hand_on(records: Iterable[object], state: State[Any], to: FlowRunContext | None) -> None:
    """Remember records as what the sub-flow with that state handed on.

    Args:
        records: What others may take as inputs.
        state: Final, or with the ids of the sub-flow's run at least.
        to: The flow that it is a part of; None where it is part of none.
    """
    if to is None:
        return
    # Without its data: the state must not keep a large result alive.
    link = state.model_copy(update={"data": None})
    # In its parent, a sub-flow is the task run that stands for it.
    kind = RunType.TASK_RUN if state.state_details.task_run_id else RunType.FLOW_RUN
    remembered = to.run_results
    for record in filter(is_record, records):
        key = id(record)
        # With the record its entry goes: else a flow over many cases would grow with each of them.
        remembered[key] = (link, kind, weakref.ref(record, partial(_forget, remembered, key)))


def begun_state(run: FlowRun) -> State[Any]:
    """A state of a sub-flow that has not ended, with the ids that `hand_on` needs."""
    details = StateDetails(flow_run_id=run.id, task_run_id=run.parent_task_run_id)
    return Running(state_details=details)


def _forget(remembered: dict[int, Any], key: int, reference: weakref.ref[object]) -> None:
    if key in remembered and remembered[key][2] is reference:  # another record may have the same id by now
        del remembered[key]


def is_record(value: object) -> bool:
    """Whether identity means something for that object: no text or number, and no enum's member, which all share."""
    return type(value).__weakrefoffset__ != 0 and not isinstance(value, Enum | type)
