"""The statistics of many jobs as charts: Vega-Lite specifications with their own data, and the pictures of them.

Each chart has its units at its axes, and one line of text for those who can't see it. All of them are drawn by one
process, apart (see `interfaces.previews.isolated`): the names in them are people's.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from interfaces.job_statistics import BY_IMAGE, JobStatistics
from interfaces.job_summaries import MILLICENTS_PER_EURO
from interfaces.previews import chart_script
from interfaces.previews.isolated import render
from interfaces.previews.texts import clean_text
from interfaces.reports.words import code_text, digest_text

MOST_VERSIONS = 20
"""Versions of images that a chart shows, those with the most jobs first."""

MOST_DAYS = 120
"""Days that are shown one by one; of more, weeks are."""

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
GB = 2**30
_COLOURS = 128
_WIDTH, _ROW, _HEIGHT = 560, 24, 220
_OUTCOMES = {"succeeded": "#2a78b5", "failed": "#d1495b", "cancelled": "#a7abb0"}
_SPREAD = 50
"""How many times the least a chart's highest number is from which its axis is logarithmic."""

_UNITS = ((1.0, "seconds"), (60.0, "minutes"), (3600.0, "hours"))
_CONFIG = {
    "background": "white",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "labelLimit": 320, "gridColor": "#e4e7eb"},
    "axisQuantitative": {"tickCount": 8, "labelOverlap": True, "labelSeparation": 6},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "bottom", "labelLimit": 260},
}


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart that can be drawn.

    Attributes:
        name: For a file.
        title: What a page calls it, with the unit.
        text: What it shows, in one line.
        specification: Vega-Lite 5, with its data in it.
    """

    name: str
    title: str
    text: str
    specification: dict[str, Any]


def statistics_charts(statistics: JobStatistics) -> list[Chart]:
    """The charts that the jobs of a period have data for; none where there are no jobs.

    Args:
        statistics: The tables.
    """
    return list(_charts(statistics))


def drawn(charts: Sequence[Chart]) -> list[bytes]:
    """The pictures of charts, as PNG; about half a second, and a tenth of one for each chart.

    Raises:
        ValidationError: They can't be drawn; the text says why.
    """
    if not charts:
        return []
    given = json.dumps([chart.specification for chart in charts]).encode()
    pictures: list[str] = json.loads(render(Path(chart_script.__file__), given=given))
    return [_small(base64.b64decode(one)) for one in pictures]


def _small(picture: bytes) -> bytes:
    """With few colours, as charts have, a picture takes a tenth: an artifact holds several."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(picture), formats=("PNG",)) as image:
        few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(file, "PNG", optimize=True)
    return file.getvalue()


def _charts(statistics: JobStatistics) -> Iterator[Chart]:
    if not statistics.jobs:
        return
    yield _outcomes(statistics.by_day)
    busiest = statistics.by_image.nlargest(MOST_VERSIONS, "jobs").sort_values(list(BY_IMAGE))
    left = len(statistics.by_image) - len(busiest)
    shown = f"; the {MOST_VERSIONS} versions with the most jobs, {left} more are in the table" if left else ""
    yield from _times(busiest, "duration_s", "duration", "Duration of succeeded jobs", shown)
    yield from _times(busiest, "waiting_s", "waiting", "Waiting before the machine was used", shown)
    yield from _memory(busiest, shown)
    yield from _cost(busiest, shown)
    yield from _verdicts(statistics.failures, busiest, shown)


def _outcomes(table: pd.DataFrame) -> Chart:
    days = len(pd.date_range(table["day"].min(), table["day"].max(), freq="D"))
    unit, name = ("utcyearmonthdate", "day") if days <= MOST_DAYS else ("utcyearweek", "week")
    values = [
        {"day": f"{row['day']:%Y-%m-%d}T00:00:00Z", "outcome": outcome, "jobs": int(row[outcome]), "order": order}
        for row in table.to_dict("records")
        for order, outcome in enumerate(_OUTCOMES)
        if row[outcome]
    ]
    colour = {"domain": list(_OUTCOMES), "range": list(_OUTCOMES.values())}
    encoding = {
        "x": {"field": "day", "type": "temporal", "timeUnit": unit, "title": f"{name} (UTC)", "axis": {"grid": False}},
        "y": {"field": "jobs", "type": "quantitative", "aggregate": "sum", "title": "jobs", "axis": {"tickMinStep": 1}},
        "color": {"field": "outcome", "type": "nominal", "scale": colour, "title": None},
        "order": {"field": "order", "type": "quantitative"},
    }
    total = {outcome: int(table[outcome].sum()) for outcome in _OUTCOMES}
    told = ", ".join(f"{count} {outcome}" for outcome, count in total.items())
    return Chart(
        name="outcomes",
        title=f"Jobs a {name}",
        text=f"Jobs a {name} by outcome: {told}.",
        specification=_specification(values, {"type": "bar"}, encoding, height=_HEIGHT),
    )


def _times(table: pd.DataFrame, measure: str, name: str, title: str, shown: str) -> Iterator[Chart]:
    known = table[table[f"median_{measure}"].notna()]
    if known.empty:
        return
    highest = known[f"max_{measure}"].max()
    divisor, unit = next((one for one in reversed(_UNITS) if highest >= 2 * one[0]), _UNITS[0])
    rows = [
        {
            "version": _version(row),
            **{what: float(row[f"{what}_{measure}"]) / divisor for what in ("median", "p95", "max")},
        }
        for row in known.to_dict("records")
    ]
    yield _spread(rows, name=name, title=f"{title} ({unit})", unit=unit, shown=shown)


def _memory(table: pd.DataFrame, shown: str) -> Iterator[Chart]:
    known = table[table["max_peak_memory_bytes"].notna()]
    if known.empty:
        return
    rows: list[dict[str, Any]] = []
    for row in known.to_dict("records"):
        told = {what: float(row[f"{what}_peak_memory_bytes"]) / GB for what in ("median", "p95", "max")}
        limit = row["suggested_memory_gb"]
        rows.append({"version": _version(row), **told, **({} if pd.isna(limit) else {"limit": float(limit)})})
    title = "Peak memory, and the limit that it speaks for (GB of 2^30 bytes)"
    yield _spread(rows, name="memory", title=title, unit="GB", shown=shown)


def _cost(table: pd.DataFrame, shown: str) -> Iterator[Chart]:
    known = table[table["total_cost_euro_millicents"].notna()]
    if known.empty:
        return
    values: list[dict[str, Any]] = [
        {"version": _version(row), "cost": float(row["total_cost_euro_millicents"]) / MILLICENTS_PER_EURO}
        for row in known.to_dict("records")
    ]
    encoding = {
        "y": _versions(values),
        "x": {"field": "cost", "type": "quantitative", "title": "cost (EUR)"},
    }
    yield Chart(
        name="cost",
        title="Cost of all jobs (EUR)",
        text=f"Cost by version of the image, {sum(one['cost'] for one in values):.2f} EUR together{shown}.",
        specification=_specification(values, {"type": "bar", "color": "#2a78b5"}, encoding),
    )


def _verdicts(failures: pd.DataFrame, busiest: pd.DataFrame, shown: str) -> Iterator[Chart]:
    labels = {_version(row) for row in busiest.to_dict("records")}
    values: list[dict[str, Any]] = [
        {"version": version, "verdict": code_text(str(row["verdict"])), "jobs": int(row["jobs"])}
        for row in failures.to_dict("records")
        if (version := _version(row)) in labels
    ]
    if not values:
        return
    encoding = {
        "y": _versions(sorted(values, key=lambda one: str(one["version"]))),
        "x": {"field": "jobs", "type": "quantitative", "title": "jobs", "axis": {"tickMinStep": 1}},
        "color": {"field": "verdict", "type": "nominal", "title": None, "scale": {"scheme": "tableau20"}},
    }
    yield Chart(
        name="failures",
        title="What went wrong (jobs)",
        text=f"Jobs by verdict and version of the image, {sum(one['jobs'] for one in values)} together{shown}.",
        specification=_specification(values, {"type": "bar"}, encoding),
    )


def _spread(rows: list[dict[str, Any]], *, name: str, title: str, unit: str, shown: str) -> Chart:
    """Of each version, a line from the median to the 95th percentile, and marks at those two and at the highest."""
    marks = {"median": "median", "p95": "95th percentile", "max": "highest", "limit": "suggested limit"}
    points = [
        {"version": row["version"], "what": words, "number": row[what]}
        for row in rows
        for what, words in marks.items()
        if what in row
    ]
    positive = [point["number"] for point in points if point["number"] > 0]
    is_wide = len(positive) == len(points) and max(positive) > _SPREAD * min(positive)
    scale = {"scale": {"type": "log"}} if is_wide else {}
    axis = {"type": "quantitative", "title": f"{unit} (logarithmic)" if is_wide else unit, **scale}
    present = [words for words in marks.values() if any(point["what"] == words for point in points)]
    looks = {"median": "circle", "95th percentile": "triangle-right", "highest": "square", "suggested limit": "diamond"}
    colours = {
        "median": "#2a78b5",
        "95th percentile": "#2a78b5",
        "highest": "#16324a",
        "suggested limit": "#c26d00",
    }
    shape = {"domain": present, "range": [looks[one] for one in present]}
    colour = {"domain": present, "range": [colours[one] for one in present]}
    y = _versions(rows)
    lines = {
        "data": {"values": rows},
        "mark": {"type": "rule", "strokeWidth": 4, "color": "#a9cbe6"},
        "encoding": {"y": y, "x": {"field": "median", **axis}, "x2": {"field": "max"}},
    }
    marked = {
        "data": {"values": points},
        "mark": {"type": "point", "size": 90, "filled": True, "opacity": 1, "strokeWidth": 3},
        "encoding": {
            "y": y,
            "x": {"field": "number", **axis},
            "shape": {"field": "what", "type": "nominal", "title": None, "scale": shape},
            "color": {"field": "what", "type": "nominal", "title": None, "scale": colour},
        },
    }
    return Chart(
        name=name,
        title=title,
        text=f"{title}: median, 95th percentile and highest by version of the image{shown}.",
        specification={
            "$schema": SCHEMA,
            "width": _WIDTH,
            "height": {"step": _ROW},
            "config": _CONFIG,
            "layer": [lines, marked],
        },
    )


def _versions(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The axis with the versions, in the order of the rows."""
    return {
        "field": "version",
        "type": "nominal",
        "title": None,
        "sort": list(dict.fromkeys(row["version"] for row in rows)),
        "axis": {"grid": True, "ticks": False, "domain": False},
    }


def _version(row: Any) -> str:
    return f"{clean_text(str(row['component']), most=40)}  {digest_text(str(row['image']))}"


def _specification(
    values: list[dict[str, Any]], mark: dict[str, Any], encoding: dict[str, Any], *, height: int | None = None
) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "width": _WIDTH,
        "height": height or {"step": _ROW},
        "config": _CONFIG,
        "data": {"values": values},
        "mark": mark,
        "encoding": encoding,
    }
