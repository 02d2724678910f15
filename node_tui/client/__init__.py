"""A typed client of the engine's API."""

from node_tui.client.client import Client
from node_tui.client.connection import EngineAbsentError, EngineSilentError

__all__ = ["Client", "EngineAbsentError", "EngineSilentError"]
