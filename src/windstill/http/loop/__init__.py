"""Signed addresses that are loops: GET /loop/SIGNATURE/OPTIONS/SOURCE, in imgproxy's shape."""
