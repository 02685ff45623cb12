"""The HTTP API and the web pages. Knows the domain; the domain never knows it.

Rules that always hold:
- no rule stands here: a request is parsed into a command, the command runs, its result is rendered;
- `create_app` and `app_from_environment` (app.py) are what a server starts from.
"""

from curation_api.app import app_from_environment, create_app

__all__ = ["app_from_environment", "create_app"]
