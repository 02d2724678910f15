"""The commands of a node: nodectl, persist, unpersist."""
