"""The plugin contract: values and protocols. A foreign plugin imports this and persist.model."""
