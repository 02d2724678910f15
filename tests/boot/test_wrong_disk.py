"""The disk that was asked for is not there: nothing is written and the console says why."""

from pathlib import Path

import pytest

from tests.boot.refusals import assert_refused

pytestmark = pytest.mark.boot


def test_a_disk_that_is_not_there_is_refused(qemu: None, dist: Path, logs: Path) -> None:
    assert_refused(dist, logs / "wrong-disk", "NOSUCHDISK", selector="serial:NOSUCHDISK")
