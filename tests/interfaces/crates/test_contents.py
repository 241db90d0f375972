"""The files of a crate, and the names of what is elsewhere."""

from __future__ import annotations

import hashlib

from interfaces.crates.contents import hash_uri


def test_content_elsewhere_is_named_as_rfc_6920_does():
    # The example of https://www.rfc-editor.org/rfc/rfc6920#section-8.1
    digest = hashlib.sha256(b"Hello World!").hexdigest()
    assert hash_uri(digest) == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"
