"""The HTTP API and the web pages. Knows the domain; the domain never knows it."""
