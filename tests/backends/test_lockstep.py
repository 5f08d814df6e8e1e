"""Threads in lockstep: order, sharing out, and what happens when one fails."""

import threading
import time

import pytest

from skgeom.backends._numba._lockstep import in_lockstep


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
@pytest.mark.parametrize("n_pieces", [1, 2, 5])
def test_phases_follow_each_other_and_pieces_are_done_once(n_threads, n_pieces):
    done = []

    def phase(name):
        return lambda step, piece: done.append((step, name, piece))

    in_lockstep([phase("a"), phase("b")], 3, n_pieces, n_threads)
    together = [(step, name) for step, name, _ in done]
    assert together == sorted(together)
    expected = {(s, p, i) for s in range(3) for p in "ab" for i in range(n_pieces)}
    assert sorted(done) == sorted(expected)


def test_pieces_run_beside_each_other():
    # Each piece waits for the other: on one thread this would not end.
    meeting = threading.Barrier(2)
    in_lockstep([lambda step, piece: meeting.wait(timeout=30)], 2, 2, 2)


def test_no_steps_and_no_threads_beyond_the_pieces():
    before = threading.active_count()
    in_lockstep([lambda step, piece: pytest.fail("nothing to do")], 0, 4, 4)
    seen = set()
    in_lockstep([lambda *_: seen.add(threading.get_ident())], 20, 1, 8)
    assert seen == {threading.get_ident()}
    assert threading.active_count() == before


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failure_ends_all_threads_and_is_raised(failing):
    started = []

    def phase(step, piece):
        started.append(step)
        if (step, piece) == (1, failing):
            raise FloatingPointError("piece failed")
        time.sleep(0.001)

    before = threading.active_count()
    with pytest.raises(FloatingPointError, match="piece failed"):
        in_lockstep([phase], 1000, 3, 3)
    assert max(started) == 1  # the others wait for the step, and go no further
    assert threading.active_count() == before
