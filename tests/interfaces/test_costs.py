"""What a job costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from records import a_component, a_job, a_stored_image

from interfaces.costs import cost_euro_millicents
from interfaces.errors import DefinitionError
from interfaces.job_status import JobStatus
from interfaces.settings import get_settings

START = datetime(2025, 1, 1, tzinfo=UTC)
TABLE = (
    '[{"name": "small", "cpu": 2, "memory": 8, "us_cents_per_hour": 11.5},'
    ' {"name": "gpu", "cpu": 4, "memory": 16, "gpus": 1, "gpu_type": "T4", "us_cents_per_hour": 75}]'
)


def cost(duration, price, rate="1", tax="0"):
    return cost_euro_millicents(
        duration,
        us_cents_per_hour=Decimal(price),
        euro_per_us_dollar=Decimal(rate),
        tax_percent=Decimal(tax),
    )


@pytest.fixture
def priced(site, monkeypatch):
    """A machine of the kind "small" at 0.92 euro a dollar; gives an image for jobs."""
    monkeypatch.setenv("COMPONENT_FLOWS_COSTS__INSTANCES", TABLE)
    monkeypatch.setenv("COMPONENT_FLOWS_COSTS__INSTANCE", "small")
    monkeypatch.setenv("COMPONENT_FLOWS_COSTS__EURO_PER_US_DOLLAR", "0.92")
    image = a_stored_image(site, a_component())
    get_settings.cache_clear()
    yield image
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("duration", "price", "rate", "tax", "expected"),
    [
        (timedelta(hours=1), "100", "1", "0", 100_000),
        (timedelta(hours=2, minutes=30), "11.5", "0.92", "0", 26_450),
        (timedelta(hours=1), "100", "0.92", "21", 111_320),
        (timedelta(seconds=1), "100", "1", "0", 28),  # 27.8 thousandths of a cent
        (timedelta(microseconds=1), "100", "1", "0", 1),
        (timedelta(0), "100", "1", "0", 0),
        (timedelta(seconds=-3), "100", "1", "0", 0),
    ],
)
def test_the_cost_is_hours_times_price_times_rate_rounded_up(duration, price, rate, tax, expected):
    assert cost(duration, price, rate, tax) == expected


@pytest.mark.parametrize("hours", range(1, 30))
def test_a_whole_number_of_millicents_is_not_rounded_up(hours):
    # In binary fractions 3 * 0.1 * 1000 * 1.1 is a little more than 330.
    assert cost(timedelta(hours=hours), "0.1", "1.1") == hours * 110


def ended(image, status, seconds=3600, **changes):
    job = a_job(image, created=START).moved_to(JobStatus.PROVISIONING, started_at=START)
    return job.moved_to(status, completed_at=START + timedelta(seconds=seconds), **changes)


@pytest.mark.parametrize("status", [JobStatus.FAILURE, JobStatus.CANCELLED])
def test_a_job_that_failed_costs_as_much_as_it_used(priced, status):
    assert ended(priced, status).compute_cost_euro_millicents == 10_580  # 11.5 cents * 1000 * 0.92


def test_the_instance_is_on_the_record_from_the_first_use_of_the_machine_on(priced):
    job = a_job(priced).moved_to(JobStatus.PROVISIONING)
    assert job.runtime_metrics == {
        "instance": {"name": "small", "cpu": 2, "memory": 8, "gpus": 0, "gpu_type": None},
        "metrics": [],
    }


def test_the_price_is_that_of_the_machine_that_was_used_not_of_the_one_that_notes_the_end(priced):
    job = a_job(priced, created=START).moved_to(
        JobStatus.PROVISIONING, started_at=START, runtime_metrics={"instance": {"name": "gpu"}}
    )
    job = job.moved_to(JobStatus.FAILURE, completed_at=START + timedelta(hours=1))
    assert job.compute_cost_euro_millicents == 69_000


def test_a_machine_without_a_price_gives_no_cost(priced):
    job = a_job(priced, created=START).moved_to(
        JobStatus.PROVISIONING, started_at=START, runtime_metrics={"instance": {"name": "somebody's laptop"}}
    )
    assert job.moved_to(JobStatus.FAILURE).compute_cost_euro_millicents is None


def test_a_job_that_never_used_a_machine_has_no_cost(priced):
    assert a_job(priced).moved_to(JobStatus.CANCELLED).compute_cost_euro_millicents is None


def test_without_settings_there_is_no_cost(site):
    assert ended(a_stored_image(site, a_component()), JobStatus.FAILURE).compute_cost_euro_millicents is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("COSTS__INSTANCE", "large", "must have one row of that name"),
        ("COSTS__EURO_PER_US_DOLLAR", None, "euro_per_us_dollar must be set"),
        ("COSTS__INSTANCES", '[{"name": "small", "cpu": 2, "memory": 8, "us_cents_per_hour": -1}]', "greater than"),
    ],
)
def test_incomplete_prices_are_refused_in_one_sentence(priced, monkeypatch, name, value, words):
    variable = f"COMPONENT_FLOWS_{name}"
    monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    get_settings.cache_clear()
    with pytest.raises(DefinitionError, match=words) as caught:
        get_settings()
    assert "\n" not in str(caught.value)
