"""What hides the ids of matters that may not be seen yet: in whatever they are a part of, and nothing else."""

import pytest

from entente.domain.relations.fields import MAX_VALUE, UNSEEN, ident, text
from entente.node.veil import NAMED, Veil, placeholder

ID = "kr-statement-46849264"
VEIL = Veil({ID, "kr-statement-1"}, {ID, "kr-statement-1", "kr-statement-12", "x-kr-statement-1"}, ("kr", "x-kr", "jp"))
P, Q = placeholder(ID), placeholder("kr-statement-1")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (ID, P),
        (f"See {ID}.", f"See {P}."),
        (f"{ID}-annex", f"{P}-annex"),
        (f"x-{ID}", f"x-{P}"),
        (f"{ID}5", f"{P}5"),
        (f"{ID}{ID}", f"{P}{P}"),
        (f"{ID}-kr-statement-1", f"{P}-{Q}"),
        (f"\\n{ID.upper()}", f"\\n{P}"),
        ("kr-statement-1, kr-statement-12", f"{Q}, kr-statement-12"),
        ("kr-statement-19", f"{Q}9"),
        ("kr-statement-1" + "0" * 50, f"{Q}" + "0" * 50),
        ("x-kr-statement-1", "x-kr-statement-1"),
        ("y-kr-statement-1", f"y-{Q}"),
        ("jp-statement-46849264", "jp-statement-46849264"),
        ("kr-measure-1, statement-1, -statement-1", "kr-measure-1, statement-1, -statement-1"),
        ("成明kr-statement-1号", f"成明{Q}号"),
        ("", ""),
    ],
    ids=range(17),
)
def test_a_hidden_id_is_replaced_wherever_it_stands_and_no_other_is(words: str, shown: str) -> None:
    assert VEIL.text(words) == shown
    assert VEIL.names(words) == (words != shown)
    assert Veil(()).text(words) == words


def test_two_hidden_ids_never_have_the_same_placeholder_and_one_has_always_the_same() -> None:
    """As keys they would be one, and as actions one would be refused."""
    names = [f"kr-statement-{number}" for number in range(1, 1000)]
    assert len({placeholder(name) for name in names}) == len(names)
    assert placeholder(ID) == placeholder(ID)


@pytest.mark.parametrize("name", ["a-statement-1", ID, f"{'p' * 32}-statement-999999999"])
def test_a_placeholder_fits_into_every_field_that_the_id_fitted_into(name: str) -> None:
    shown = placeholder(name)
    assert len(shown) <= len(name)
    assert UNSEEN.search(shown) is None
    assert NAMED.search(shown) is None, "it names no matter"
    assert ident("I").parse("i", shown) == shown
    full = (f"{name} " * MAX_VALUE)[:MAX_VALUE].rstrip()
    veiled = Veil({name}).text(full)
    assert text("T").parse("t", veiled) == veiled


def test_what_the_caller_has_named_itself_is_said_back() -> None:
    assert VEIL.lifted(f"about {ID}").text(f"{ID} kr-statement-1") == f"{ID} {Q}"
    assert VEIL.lifted("about kr-statement-12") is VEIL


def test_references_are_left_out_and_keys_are_not() -> None:
    assert VEIL.refs([ID, "kr-1", f"{ID}-annex"]) == ["kr-1"]
    shown = VEIL.view({"terms": {"kr": {"while": {"while": [ID, "kr-measure-1"], "asks": {}}}}, "dialogue": ID, "n": 1})
    assert shown == {"terms": {"kr": {"while": {"while": ["kr-measure-1"], "asks": {}}}}, "dialogue": "", "n": 1}


def test_long_words_are_looked_through_once() -> None:
    """Each match looks back by the length of a party's id at most."""
    words = "a-" * 200_000 + "kr-statement-1" + "-statement-1" * 20_000
    assert VEIL.text(words) == words.replace("kr-statement-1", Q, 1)
