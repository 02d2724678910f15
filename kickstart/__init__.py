"""How a node and an image are described: kernel arguments to config, layered recipes to Recipe."""
