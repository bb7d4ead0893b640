"""Implementations of the ports of `windstill.jobs`."""
