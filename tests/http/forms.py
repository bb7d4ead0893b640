"""Multipart bodies written byte by byte, as the clients in the wild write them."""

from __future__ import annotations

BOUNDARY = "wL36Yn8afVp8Ag7AmP8qZ0SA4n1v9T"


def part(head: str, content: bytes | str) -> bytes:
    body = content.encode() if isinstance(content, str) else content
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + body + b"\r\n"


def form(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> bytes:
    return b"".join(parts) + end


def image(content: bytes, disposition: str = 'name="image"; filename="photo.jpg"') -> bytes:
    return part(f"Content-Disposition: form-data; {disposition}", content)


def operation(content: str = "11", disposition: str = 'name="operation"') -> bytes:
    return part(f"Content-Disposition: form-data; {disposition}", content)


def content_type(boundary: str = BOUNDARY) -> dict[str, str]:
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}
