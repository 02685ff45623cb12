"""Copies of texts: what is known of each text, and how another one that says the same, or nearly, is found."""
