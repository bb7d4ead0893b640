"""One bounded reader per file format: what is where in the file, without decoding a pixel.

Each `read(data, admit)` walks the whole structure, calls `admit(width, height)` as soon as the
size is known, and returns a `Container`. Its payload is all that a decoder gets to see: metadata,
later frames and trailing bytes are left out, because parsing them is where image libraries fail.
"""
