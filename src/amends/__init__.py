"""amends: complaint handling that follows ISO 10002."""
