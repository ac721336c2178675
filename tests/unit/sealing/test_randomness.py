"""Random bytes are given once: to no other thread, to no forked process, and never across a fetch."""

import os
from concurrent.futures import ThreadPoolExecutor

from entente.sealing.randomness import random_bytes

MANY = 2000


def given() -> list[bytes]:
    return [random_bytes(32) for _ in range(MANY)]


def test_no_bytes_are_given_twice_in_one_thread_or_in_two() -> None:
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(given), threads.submit(given)
        found = [*given(), *first.result(), *second.result()]
    assert {len(each) for each in found} == {32}
    assert len(set(found)) == len(found)


def test_a_forked_process_is_given_none_of_what_its_parent_holds() -> None:
    random_bytes(1)  # the rest of the fetch lies about
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, random_bytes(32))
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 32)
    os.close(reading)
    os.close(writing)
    assert len(theirs) == 32
    assert theirs not in {random_bytes(32) for _ in range(255)}
