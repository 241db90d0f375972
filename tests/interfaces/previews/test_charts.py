"""Charts: drawn by Vega-Lite itself, and never a request for an address in them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from interfaces.errors import ValidationError
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews import chart_script
from interfaces.previews.charts import chart_preview
from interfaces.previews.isolated import render
from interfaces.previews.making import preview

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
ENCODING = {"x": {"field": "a", "type": "quantitative"}}


def chart(**parts: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "data": {"values": [{"a": 1}, {"a": 2}]}, "mark": "point", "encoding": ENCODING, **parts}


def test_a_chart_is_drawn_with_its_own_colours(value, pixels):
    bars = chart(
        data={"values": [{"a": "x", "b": 3}, {"a": "y", "b": 5}]},
        mark={"type": "bar", "color": "#d62728"},
        encoding={"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}},
        title="Counts",
    )
    made = preview(value(Kind.CHART, given=bars, title="Histogram"))
    assert made.text == "Histogram: a chart of Counts."
    assert (pixels(made)[..., :3] == [0xD6, 0x27, 0x28]).all(axis=-1).sum() > 500


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An HTTP server on loopback, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'[{"a": 1}]')

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def loading(address: str) -> dict[str, dict[str, Any]]:
    from_there = {"url": f"{address}/data.json"}
    picture = {"type": "image", "url": f"{address}/picture.png", "width": 20, "height": 20}
    by_field = {"url": {"field": "u"}, **ENCODING}
    return {
        "data": chart(data=from_there),
        "data of a layer": chart(layer=[{"data": from_there, "mark": "point", "encoding": ENCODING}]),
        "lookup": chart(transform=[{"lookup": "a", "from": {"data": from_there, "key": "a", "fields": ["b"]}}]),
        "picture": chart(mark=picture),
        "picture by field": chart(
            data={"values": [{"a": 1, "u": f"{address}/field.png"}]}, mark={"type": "image"}, encoding=by_field
        ),
        "picture by configuration": chart(mark="image", config={"image": {"url": f"{address}/configured.png"}}),
        "picture by style": chart(
            mark={"type": "image", "style": "s"}, config={"style": {"s": {"url": f"{address}/s.png"}}}
        ),
    }


@pytest.mark.parametrize("where", loading(""))
def test_a_chart_that_loads_something_is_refused_and_nothing_is_asked_for(server, where):
    address, asked = server
    with pytest.raises(ValidationError, match=r"it loads something from elsewhere \(.*url\)"):
        chart_preview(loading(address)[where], title="C")
    assert asked == []


@pytest.mark.parametrize("where", ["data", "picture by field"])
def test_the_renderer_alone_asks_for_nothing_either(server, where):
    address, asked = server
    given = json.dumps(loading(address)[where]).encode()
    with pytest.raises(ValidationError):
        render(Path(chart_script.__file__), given=given)
    assert asked == []


def test_the_renderer_reads_no_file_of_this_machine(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n123456789\n")
    given = chart(
        data={"url": secret.as_uri(), "format": {"type": "csv"}}, mark="text", encoding={"text": {"field": "a"}}
    )
    code = (
        "import sys, vl_convert, json\n"
        "print(vl_convert.vegalite_to_svg(json.load(sys.stdin), allowed_base_urls=[], vl_version='5.20'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(given).encode(), capture_output=True, timeout=60, check=False
    )
    assert b"<svg" in done.stdout or b"not allowed" in done.stderr
    assert b"123456789" not in done.stdout


def test_a_column_may_be_called_url(value, pixels):
    rows = chart(data={"values": [{"a": 1, "url": "https://example.org"}]})
    assert pixels(preview(value(Kind.CHART, given=rows))).size


@pytest.mark.parametrize(
    ("hostile", "why"),
    [
        ({"width": 1_000_000, "height": 1_000_000}, "its width is more than 20000 pixels"),
        ({"height": 10**400}, "its height is more than 20000 pixels"),
        ({"width": {"step": 15_000}, "encoding": {"x": {"field": "a", "type": "ordinal"}}}, "pixels long; at most"),
        ({"data": {"sequence": {"start": 0, "stop": 1e12}}}, "draw"),
        ({"transform": [{"calculate": "replace(datum.a, regexp('(a+)+$'), 'x')", "as": "b"}]}, None),
        ({"transform": [{"calculate": "(((", "as": "b"}]}, "Vega-Lite can't draw it"),
    ],
    ids=["size", "long number", "steps", "endless data", "regular expression", "broken expression"],
)
def test_hostile_charts_end_soon(hostile, why):
    began = time.monotonic()
    try:
        made = chart_preview(chart(**hostile), title="C")
        assert len(made.data) < 2**20
    except ValidationError as error:
        assert why is not None
        assert why in str(error)
    assert time.monotonic() - began < 40


def test_text_that_looks_like_a_picture_is_text(value, pixels):
    words = chart(mark={"type": "text", "text": "<image href='x'/>"}, title="<image>")
    assert np.ptp(pixels(preview(value(Kind.CHART, given=words)))) > 100
