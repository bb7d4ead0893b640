"""The native API, /v1: asynchronous, with progress, cancelling, previews and problem details."""
