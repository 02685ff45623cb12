"""Pure checks that yield findings. No database, no web framework, no network."""
