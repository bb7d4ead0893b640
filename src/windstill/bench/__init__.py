"""Measuring what a viewer would notice, and what it costs."""
