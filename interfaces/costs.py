"""What a job's use of a machine costs."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from interfaces.settings_costs import CostSettings, InstanceSettings

_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)


def cost_euro_millicents(
    duration: timedelta, *, us_cents_per_hour: Decimal, euro_per_us_dollar: Decimal, tax_percent: Decimal = Decimal(0)
) -> int:
    """Hours x price x 1000 x exchange rate, with the tax on top, rounded up.

    Args:
        duration: Of the machine's use; below zero (a clock that was set back) counts as none.
        us_cents_per_hour: Price of the instance, without tax.
        euro_per_us_dollar: Exchange rate.
        tax_percent: Such as 21.

    Returns:
        Thousandths of a euro cent. The sum is exact before it is rounded, so that a whole number stays what it is.
    """
    hours = Fraction(max(duration, timedelta(0)) // _MICROSECOND, _HOUR // _MICROSECOND)
    price = Fraction(us_cents_per_hour) * 1000 * Fraction(euro_per_us_dollar)
    return math.ceil(hours * price * (1 + Fraction(tax_percent) / 100))


def priced_instance(costs: CostSettings, name: str | None = None) -> InstanceSettings | None:
    """A row of the table of instances: the named one, or this machine's; None where the table lacks it."""
    name = name or costs.instance
    return next((one for one in costs.instances if one.name == name), None)


def instance_facts(costs: CostSettings) -> dict[str, Any] | None:
    """This machine as `runtime_metrics` describe it, or None where the settings don't tell."""
    row = priced_instance(costs)
    return row.model_dump(exclude={"us_cents_per_hour"}) if row is not None else None


def cost_of(duration: timedelta | None, runtime_metrics: dict[str, Any], costs: CostSettings) -> int | None:
    """The cost of a job that has ended.

    Args:
        duration: From start to end of the machine's use; None where it was not used.
        runtime_metrics: Of the job. They name the instance that it ran on, which need not be the one on which its end
            is written down.
        costs: Of the site.

    Returns:
        Thousandths of a euro cent, or None where the instance, its price or the duration is unknown.
    """
    ran_on: str | None = (runtime_metrics.get("instance") or {}).get("name")
    instance = priced_instance(costs, ran_on)
    if duration is None or instance is None or costs.euro_per_us_dollar is None:
        return None
    return cost_euro_millicents(
        duration,
        us_cents_per_hour=instance.us_cents_per_hour,
        euro_per_us_dollar=costs.euro_per_us_dollar,
        tax_percent=costs.tax_percent,
    )
