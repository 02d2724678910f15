"""The engine: use cases and HTTP routes, roles, operations, events."""
