"""Requests as the clients of Alibaba Cloud's GenerateDynamicImage sign them, at `/`."""
