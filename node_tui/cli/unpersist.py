"""unpersist: see persist."""

from node_tui.cli.persist import main

__all__ = ["main"]
