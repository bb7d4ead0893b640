"""Uploads and results in a bucket of an S3 object store; needs the extra `s3`."""

from windstill.adapters.s3.address import Address
from windstill.adapters.s3.blobs import S3Blobs

__all__ = ["Address", "S3Blobs"]
