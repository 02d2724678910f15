"""Plugins that come with the node; they use only plugins.api."""
