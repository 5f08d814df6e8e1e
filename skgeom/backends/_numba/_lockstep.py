"""Threads that go through the same short steps together."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError


def in_lockstep(phases, n_steps, n_pieces, n_threads):
    """Run the phases of each step one after the other, the pieces of each at once.

    Threads live through all steps and wait for each other after each phase: that costs
    some twenty microseconds, less than handing out tasks anew.

    Parameters
    ----------
    phases : sequence of callable
        Called with the step and the piece; they release the interpreter's lock.
    n_steps : int
        How many steps there are.
    n_pieces : int
        Pieces of a phase: each may run beside the others of its phase.
    n_threads : int
        Threads, the caller's among them; more than pieces are not used.

    Examples
    --------
    >>> from skgeom.backends._numba._lockstep import in_lockstep
    >>> done = []
    >>> phases = [lambda *at: done.append(("a", *at)), lambda *at: done.append("b")]
    >>> in_lockstep(phases, n_steps=2, n_pieces=1, n_threads=4)
    >>> done
    [('a', 0, 0), 'b', ('a', 1, 0), 'b']
    """
    n_threads = min(n_threads, n_pieces)
    barrier = Barrier(n_threads)

    def run(thread):
        try:
            for step in range(n_steps):
                for phase in phases:
                    for piece in range(thread, n_pieces, n_threads):
                        phase(step, piece)
                    barrier.wait()
        except BaseException:
            barrier.abort()  # nobody waits for a thread that is gone
            raise

    with ThreadPoolExecutor(max(n_threads - 1, 1)) as pool:
        others = [pool.submit(run, thread) for thread in range(1, n_threads)]
        failures = []
        try:
            run(0)
        except BrokenBarrierError:
            pass  # another thread failed, and says below why
        for other in others:
            if not isinstance(other.exception(), BrokenBarrierError | None):
                failures.append(other.exception())
    if failures:
        raise failures[0]
