"""Pages for Prefect's UI, as a renderer of Markdown that trusts everything shows them."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it import MarkdownIt

GFM = MarkdownIt("gfm-like", {"html": True, "linkify": True})
GFM.validateLink = lambda url: True  # Prefect's own renderer is not so strict
TAGS = {
    *("p", "strong", "blockquote", "h2", "h3", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "pre", "code"),
    *("a", "img"),
}
BEGINNINGS = {"href": ("/runs/", "/ui/", "/artifacts/"), "src": ("data:image/",)}


class Seen(HTMLParser):
    """What is on a page: its tags and its text. Fails where it has other tags, or leads elsewhere, than ours do."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(GFM.render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        attributes = dict(attrs)
        assert tag in TAGS, tag
        assert set(attributes) <= {"href", "src", "alt", "style", "class"}
        for name, beginnings in BEGINNINGS.items():
            address = attributes.get(name)
            assert address is None or address.startswith(beginnings), address
        self.tags.append((tag, attributes))

    def handle_data(self, data: str) -> None:
        """Look at a text."""
        self.text += data

    @property
    def links(self) -> set[str | None]:
        """Where it leads to."""
        return {attributes["href"] for tag, attributes in self.tags if tag == "a"}
