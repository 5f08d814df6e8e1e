"""What the tests of each estimator cost: a pytest plugin that `conftest.py` loads.

Costs are seconds of CPU, in the process that runs a test and in processes that it
started, so that neither other work on the machine nor pytest-xdist changes them much.
"""

import functools
import os
import re
import time
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath

import pytest

import skgeom

LIMIT = 8.0  # CPU seconds of one estimator's tests, but for the slow ones
N_SLOWEST = 10


def cpu_seconds():
    """CPU time of this process and of those that it has waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


class Owners:
    """Tells whose a test is, by its node id: of estimators, or of a part of skgeom."""

    def __init__(self, estimators):
        self.names = sorted(name for name, _ in estimators)
        self.named = re.compile(rf"\b({'|'.join(self.names)})\b")
        # "embedding/heat_geodesic" for a class of skgeom/embedding/_heat_geodesic, or
        # of skgeom/embedding/_heat_geodesic.py: the same with tests in front.
        self.homes = defaultdict(list)
        for name, Class in estimators:
            place = Class.__module__.split(".")[1:3]
            self.homes["/".join(map(plain, place))].append(name)

    def of(self, nodeid):
        """List the owners of a test, who share its cost evenly."""
        if names := set(self.named.findall(nodeid)):
            return sorted(names)
        place = PurePosixPath(nodeid.partition("::")[0]).with_suffix("").parts[1:]
        method = "/".join(map(plain, place[:2]))
        # Of what is no method's, a file in the root of tests counts by itself.
        return self.homes.get(method) or [place[0]]


def plain(part):
    """Name what a folder or file is about: "_sdp" and "test_sdp" are about "sdp"."""
    return part.removeprefix("test_").removeprefix("_")


def compiled_since(start):
    """Whether numba has stored what it compiled, which is part of the costs then."""
    cache = os.environ.get("NUMBA_CACHE_DIR") or Path(skgeom.__file__).parent
    return any(p.stat().st_mtime >= start for p in Path(cache).rglob("*.nbi"))


class Budget:
    """Measures in the process that runs a test, and adds up in the one that reports."""

    def __init__(self, limit=None):
        self.strict, self.limit = limit is not None, LIMIT if limit is None else limit
        self.costs, self.slow = Counter(), set()
        self.started, self.last = time.time(), cpu_seconds()

    @functools.cached_property
    def owners(self):
        from skgeom.testing import all_estimators  # loads them all: at the end, once

        return Owners(all_estimators())

    # ------------------------------------------------------ where the tests run

    def pytest_collection_finish(self):
        self.last = cpu_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self):
        """After each phase of a test: what has passed since the one before."""
        report, now = (yield), cpu_seconds()
        report.user_properties = [*report.user_properties, ("cpu", now - self.last)]
        self.last = now
        return report

    # ------------------------------------------------------- where they are counted

    def pytest_runtest_logreport(self, report):
        self.costs[report.nodeid] += dict(report.user_properties).get("cpu", 0.0)
        if "slow" in report.keywords:
            self.slow.add(report.nodeid)

    def by_owner(self):
        """Costs of the tests that are not slow, by owner."""
        found = Counter()
        for nodeid in self.costs.keys() - self.slow:
            owners = self.owners.of(nodeid)
            for owner in owners:
                found[owner] += self.costs[nodeid] / len(owners)
        return found

    def above(self):
        """Name the estimators whose tests cost too much."""
        by_owner = self.by_owner()
        return [name for name in self.owners.names if by_owner[name] > self.limit]

    def pytest_sessionfinish(self, session):
        # Of the workers of pytest-xdist none has seen all tests.
        if self.strict and not hasattr(session.config, "workerinput") and self.above():
            if not compiled_since(self.started):
                session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        write = terminalreporter.line
        terminalreporter.section(f"tests: {self.costs.total():.1f} s of CPU")
        for owner, cost in self.by_owner().most_common():
            write(f"{cost:8.2f}  {owner}")
        if self.slow:
            slow = sum(self.costs[nodeid] for nodeid in self.slow)
            write(f"{slow:8.2f}  marked slow, and in no line above")
        terminalreporter.section(f"the {N_SLOWEST} slowest")
        for nodeid, cost in self.costs.most_common(N_SLOWEST):
            write(f"{cost:8.2f}  {nodeid}")
        for name in self.above():
            write(f"{name} is above {self.limit:g} s")
        if compiled_since(self.started):
            write("numba has compiled: a second run costs less")


def pytest_addoption(parser):
    parser.addoption(
        "--budget",
        type=float,
        metavar="SECONDS",
        help="fail if the tests of an estimator, but for the slow ones, cost more CPU "
        f"than this, unless numba has compiled (default: {LIMIT:g}, and do not fail)",
    )


def pytest_configure(config):
    config.pluginmanager.register(Budget(config.getoption("budget")), "cpu-budget")
