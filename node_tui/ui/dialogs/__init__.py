"""Questions in a box: typed modal screens."""
