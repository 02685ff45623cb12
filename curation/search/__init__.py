"""Search: public texts by their words, on every database and in every script."""
