"""Draws Vega-Lite charts with vl-convert; `isolated` runs it in a process of its own.

stdin: the specification, without addresses of data or pictures. stdout: a PNG. Or stdin: a list of such specifications;
then stdout is a JSON list of the PNGs in base64, since starting the renderer takes longer than drawing does.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from typing import Any

REFUSED = 3
VEGA_LITE_MAJOR = "5."
MAX_SIDE_PX = 1200
_LARGEST_SIDE = 20_000
_SIZE = re.compile(r'<svg[^>]*?\swidth="([\d.]+)"[^>]*?\sheight="([\d.]+)"')


def drawn(specification: Any) -> bytes | str:
    """The chart as a PNG of at most `MAX_SIDE_PX`, or one sentence on why there is none."""
    import vl_convert

    version = [one for one in vl_convert.get_vegalite_versions() if one.startswith(VEGA_LITE_MAJOR)][-1]
    try:
        # No address is allowed, so that the renderer loads no data from anywhere.
        svg = vl_convert.vegalite_to_svg(specification, vl_version=version, allowed_base_urls=[])
    except ValueError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        return f"Vega-Lite can't draw it: {lines[1] if len(lines) > 1 else lines[0]}"
    # Pictures in an SVG are fetched, whatever is allowed for data. Text has no "<" of its own in an SVG.
    if "<image" in svg or "<foreignObject" in svg:
        return "it holds pictures, which are not loaded"
    found = _SIZE.search(svg)
    if found is None:
        return "its size is not known"
    longest = max(float(found[1]), float(found[2]))
    if not 0 < longest <= _LARGEST_SIDE:
        return f"it is {longest:g} pixels long; at most {_LARGEST_SIDE} are drawn"
    png: bytes = vl_convert.svg_to_png(svg, scale=min(2.0, MAX_SIDE_PX / longest))
    return png


if __name__ == "__main__":
    given = json.load(sys.stdin)
    results = [drawn(one) for one in (given if isinstance(given, list) else [given])]
    for result in results:
        if isinstance(result, str):
            print(result)
            sys.exit(REFUSED)
    pictures = [result for result in results if isinstance(result, bytes)]
    if isinstance(given, list):
        print(json.dumps([base64.b64encode(one).decode() for one in pictures]))
    else:
        sys.stdout.buffer.write(pictures[0])
