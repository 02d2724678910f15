"""The program on the node."""
