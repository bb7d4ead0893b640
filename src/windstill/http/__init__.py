"""The service over HTTP: the compatible API, results by link, and what operators need."""
