"""The builder: one artifact a file."""
