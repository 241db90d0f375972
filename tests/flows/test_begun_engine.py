"""A run that is called here begins with one write; what Prefect knows of it is what it always knew."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from prefect.client.base import PrefectHttpxAsyncClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ParameterTypeError

from flows import begun_engine
from flows.calling import component_flow


@component_flow(
    name="begun-inner", named_by=lambda given: f"inner of {given['mark']}", tagged_by=lambda given: [given["mark"]]
)
async def inner(mark: str, number: int) -> int:
    """Doubles."""
    return 2 * number


@component_flow(name="begun-outer", tagged_by=lambda given: [given["mark"]])
async def outer(mark: str, number: int) -> int:
    """Calls the inner one twice."""
    return await inner.aio(mark, number) + await inner.aio(mark, number)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is asked of the Prefect API, as it is asked."""
    seen: list[str] = []
    send = PrefectHttpxAsyncClient.send

    async def noted(self, request, *args, **kwargs):
        seen.append(f"{request.method} {request.url.path}")
        return await send(self, request, *args, **kwargs)

    monkeypatch.setattr(PrefectHttpxAsyncClient, "send", noted)
    yield seen


def _runs(ask, mark: str) -> list[FlowRun]:
    return ask(lambda client: client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[mark]))))


def test_a_sub_flow_costs_three_requests(home, requests):
    outer(uuid4().hex, 1)  # Prefect learns the flows' names
    requests.clear()
    outer(uuid4().hex, 1)
    runs = [one for one in requests if "/flow_runs/" in one or "/task_runs/" in one]
    assert len([one for one in runs if not one.endswith("/filter")]) == 3 + 3 + 2


def test_a_run_is_there_under_its_name_with_its_tags_its_times_and_its_parent(home, ask):
    mark = uuid4().hex
    assert outer(mark, 4) == 16
    found = _runs(ask, mark)
    (parent,) = [run for run in found if run.parent_task_run_id is None]
    children = [run for run in found if run.parent_task_run_id is not None]
    assert [child.name for child in children] == [f"inner of {mark}"] * 2
    for run in found:
        assert run.state is not None and run.state.is_completed()
        assert run.run_count == 1 and run.start_time is not None and run.end_time is not None
        assert run.parameters == {"mark": mark, "number": 4}
    for child in children:
        stand_in = ask(lambda client, child=child: client.read_task_run(child.parent_task_run_id))
        assert stand_in.flow_run_id == parent.id
        assert stand_in.state.is_completed()


def test_a_run_whose_parameters_do_not_fit_fails_in_the_prefect_ui_too(home, ask):
    mark = uuid4().hex
    with pytest.raises(ParameterTypeError, match="number"):
        inner(mark, "four")  # type: ignore[arg-type]
    failed = ask(
        lambda client: client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate({"state": {"type": {"any_": ["FAILED"]}}})
        )
    )
    assert mark in {run.parameters.get("mark") for run in failed}


def test_runs_go_on_where_another_database_answers_at_the_same_address(home, ask):
    mark = uuid4().hex
    assert inner(mark, 1) == 2
    keys = [key for key in begun_engine._flow_ids if key[1] == "begun-inner"]
    assert keys
    for key in keys:
        begun_engine._flow_ids[key] = uuid4()  # what a server that has gone knew
    assert inner(mark, 2) == 4
    assert len(_runs(ask, mark)) == 2
