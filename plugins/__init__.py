"""How something joins the node: the plugin contract and the plugins that come with it."""
