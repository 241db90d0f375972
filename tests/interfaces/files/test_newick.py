from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces.errors import ValidationError
from interfaces.files.newick import check_newick


@pytest.mark.parametrize(
    "text",
    [
        "(,,(,));",
        "(A,B,(C,D));",
        "(A,B,(C,D)E)F;",
        "(:0.1,:0.2,(:0.3,:0.4):0.5);",
        "(:0.1,:0.2,(:0.3,:0.4):0.5):0.0;",
        "(A:0.1,B:0.2,(C:0.3,D:0.4):0.5);",
        "((B:0.2,(C:0.3,D:0.4)E:0.5)F:0.1)A;",
        "('it''s; (odd)':1e-3,[a comment: ( ; ]b:-2.5E+4)root:3;",
        "A;",
        ";",
        "(A,B);\n(C,D);\n",
        "(A,\n B\n)\n;\n",
        "(Vögel,鳥);",
        "\ufeff(A,B);",
        "('" + "''" * 500_000 + "',B);",
        "(" * 200_000 + "a" + ")" * 200_000 + ";",
    ],
)
def test_a_tree_passes(written, text):
    check_newick(written(text))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "It is empty"),
        ("  \n", "It is empty"),
        ("(A,B)", "It ends without ';'"),
        ("A", "It ends without ';'"),
        ("((A,B);", "It ends a tree at character 6 before 1 parentheses are closed"),
        ("((A,B)", "It ends before 1 parentheses are closed"),
        ("(A,B));", r"It has '\)' at character 5 outside of any parenthesis"),
        ("A,B;", "It has ',' at character 1 outside of any parenthesis"),
        ("(A B);", "It has 'B' at character 3, where ',', '\\)' or ';' is missing"),
        ("(A(B));", "It opens a parenthesis at character 2, where ',' or ';' is missing"),
        ("(A)(B);", "It opens a parenthesis at character 3"),
        ("(A:x,B);", "It has 'x' at character 3, where the length of a branch must be a number"),
        ("(A:,B);", "It has ',' at character 3, where the length of a branch must be a number"),
        ("(A:1:2,B);", "a second length of the same branch"),
        ("(A:1 2,B);", "It has '2' at character 5"),
        ("('A,B);", "a quoted label that does not end, at character 1"),
        ("(A[x,B);", "a comment that does not end, at character 2"),
        ("(A],B);", "It has ']' at character 2, which is no part"),
        (b"(\xff,B);", "It is not UTF-8 text"),
        ("{}", "It ends without ';'"),
        ("(" * 300_000, "It ends before 300000 parentheses are closed"),
    ],
)
def test_what_is_no_tree_is_refused(written, content, why):
    with pytest.raises(ValidationError, match=why):
        check_newick(written(content))


labels = st.text("abcXYZ_.", min_size=1, max_size=5)
lengths = st.one_of(st.just(""), st.floats(0, 100).map(lambda number: f":{number}"))
trees = st.recursive(
    st.builds(str.__add__, labels, lengths),
    lambda children: st.builds(
        lambda parts, label, length: f"({','.join(parts)}){label}{length}",
        st.lists(children, min_size=1, max_size=4),
        st.one_of(st.just(""), labels),
        lengths,
    ),
)


@settings(max_examples=50, deadline=None)
@given(tree=trees, at=st.integers(0))
def test_a_tree_passes_and_fails_without_one_of_its_parentheses(tmp_path_factory, tree, at):
    path = tmp_path_factory.mktemp("newick") / "tree"
    path.write_text(f"{tree};")
    check_newick(path)
    places = [place for place, character in enumerate(tree) if character in "()"]
    if places:
        place = places[at % len(places)]
        path.write_text(f"{tree[:place]}{tree[place + 1 :]};")
        with pytest.raises(ValidationError):
            check_newick(path)
