"""Text of unknown origin: nothing in it is obeyed by a terminal, a browser or a Markdown renderer."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from interfaces.previews.record import HTML, Preview, text_preview
from interfaces.previews.tables import Table, lines_preview
from interfaces.previews.texts import clean_text, html_text, markdown_code, markdown_text

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "[click](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "https://example.org/a?b=c",
    "www.example.org",
    "someone@example.org",
    "| a | b |\n|---|---|",
    "```\n</pre>\n```",
    "~~~\n~~~",
    "# title\n- item\n1. one",
    "&lt;b&gt; &#60;b&#62;",
    "<!-- -->",
    "a\\|b\\`c",
    "$x$ *b* _i_ **s**",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe",
    "[a]: http://x",
    "    indented",
    "***\n---\n===",
    "",
]
GFM = MarkdownIt("gfm-like", {"html": True, "linkify": True})
PLAIN_TAGS = {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "p",
    "strong",
    "pre",
    "code",
    "caption",
    "figure",
    "figcaption",
}


class Seen(HTMLParser):
    """The tags, their attributes and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.comments = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.comments += 1


def assert_inert(html: str) -> Seen:
    seen = Seen(html)
    assert {tag for tag, _ in seen.tags} <= PLAIN_TAGS, html
    assert all(set(attributes) <= {"class", "style"} for _, attributes in seen.tags), html
    assert not seen.comments
    return seen


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_cell_is_shown_as_it_is(text):
    made = Table(columns=[text, "other"], rows=[["1", text], [text, "2"]], note=text).preview(text)
    shown = clean_text(text, most=60)
    for html in (made.as_html(), GFM.render(made.as_markdown())):
        seen = assert_inert(html)
        assert seen.text.replace("\N{WORD JOINER}", "").count(shown) >= 4
        assert sum(1 for tag, _ in seen.tags if tag == "tr") == 3
        assert sum(1 for tag, _ in seen.tags if tag in {"td", "th"}) == 6
    assert made.text.replace("\n", "").isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_lines_stay_in_their_block(text):
    made = lines_preview(text, clean_text(text, keep_lines=True), note=text)
    for html in (made.as_html(), GFM.render(made.as_markdown())):
        seen = assert_inert(html)
        assert sum(1 for tag, _ in seen.tags if tag == "pre") == 1


@given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!|\\#-~=:/.@$w \nax0{}^"), max_size=40))
def test_no_text_has_a_meaning_in_markdown_or_html(text):
    shown = clean_text(text)
    seen = assert_inert(GFM.render("| x |\n|---|\n| " + (markdown_text(shown) or " ") + " |"))
    assert seen.text.replace("\N{WORD JOINER}", "").split() == ["x", *shown.split()]
    assert assert_inert(f"<p>{html_text(text)}</p>").text == text


@given(st.text(alphabet="`~ab\n <", max_size=40))
def test_a_block_of_code_ends_where_it_should(text):
    html = GFM.render(markdown_code(text) + "\n\nafter")
    assert html.count("<pre>") == 1
    assert html.endswith("<p>after</p>\n")


def test_long_texts_are_cut_and_lines_kept_where_wanted():
    assert clean_text("x" * 1000, most=10) == "x" * 9 + "…"
    assert clean_text("a\n b\t c") == "a b c"
    assert clean_text("a\nb", keep_lines=True) == "a\nb"
    assert len(clean_text(" " * 10_000 + "x", most=10)) <= 10


def test_a_picture_is_held_within_a_page():
    made = Preview(media_type="image/png", data=b"\x89PNG", text='A "picture" <b> [x](y)')
    (tag, attributes), *_ = Seen(made.as_html()).tags
    assert tag == "img"
    assert attributes == {"alt": made.text, "src": "data:image/png;base64,iVBORw=="}
    assert GFM.render(made.as_markdown()).count("<img") == 1
    assert made.suffix == ".png"


def test_a_sentence_is_escaped():
    made = text_preview("A <b> is *no* b.")
    assert made.as_html() == "<p>A &lt;b&gt; is *no* b.</p>"
    assert assert_inert(GFM.render(made.as_markdown())).text.strip() == made.text
    assert Preview(media_type=HTML, data=b"<p>x</p>", text="x").as_html() == "<p>x</p>"
