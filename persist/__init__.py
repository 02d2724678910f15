"""What a node remembers: its config model, its generations, persist and unpersist."""

__version__ = "0.1.0"
