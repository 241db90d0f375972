"""How tests are spread over pytest's workers."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("one-worker")
def test_tests_of_a_group_have_one_worker(request):
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("there are no groups here")
    # pytest-xdist tells by the name which tests belong together; a pytest that it does not know does without a word.
    assert request.node.nodeid.endswith("@one-worker")
