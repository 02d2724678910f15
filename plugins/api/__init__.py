"""The plugin contract: values and protocols, the only import a foreign plugin needs beside persist.model."""
