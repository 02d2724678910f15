"""The only place that touches the machine: one gateway a file."""
