"""The console UI (Textual)."""
