"""The engine that the tests of this folder talk to."""

from tests.node_tui.engine.benches import bench

__all__ = ["bench"]
