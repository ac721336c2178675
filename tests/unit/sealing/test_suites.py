"""Prefixes keep uses apart; unknown suites are refused."""

import itertools

import pytest

from entente.sealing.errors import BadSignatureError, UnknownSuiteError
from entente.sealing.suites import DIGESTED, KINDS, NODE_SIGNED, SEALED, SIGNED, SUITE, check_suite, prefixed


def test_the_prefix_is_the_registered_bytes() -> None:
    assert prefixed("act", b"data") == b"entente/act/1\0data"
    assert prefixed("body-seal", b"") == b"entente/body-seal/1\0"


def test_no_prefix_begins_another() -> None:
    for one, other in itertools.permutations(KINDS, 2):
        assert not prefixed(one, b"").startswith(prefixed(other, b""))


def test_a_kind_has_one_use() -> None:
    assert len(SIGNED) + len(NODE_SIGNED) + len(SEALED) + len(DIGESTED) == len(KINDS)


@pytest.mark.parametrize("kind", ["", "acts", "Act", "act\0", "act/1"])
def test_unregistered_kinds_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="not a registered kind"):
        prefixed(kind, b"")


@pytest.mark.parametrize("suite", ["", "e1", "E2", "E1 ", "E1\0"])
def test_unknown_suites_are_refused(suite: str) -> None:
    check_suite(SUITE)
    with pytest.raises(UnknownSuiteError):
        check_suite(suite)


def test_who_refuses_bad_signatures_refuses_unknown_suites() -> None:
    assert issubclass(UnknownSuiteError, BadSignatureError)
