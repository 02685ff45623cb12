"""The web pages: the same commands and queries as the API, rendered for people.

Rules that always hold:
- no rule stands here: a form is parsed into a command, the command runs, its result is shown;
- every page works without JavaScript, and none makes a reader's browser call anybody else;
- everything contributed is escaped, and what would be invisible in it is made visible;
- every sentence exists in every language of the interface (catalogue.py).
"""
