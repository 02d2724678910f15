"""What differs from one base distribution to another."""
