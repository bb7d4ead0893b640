"""A loop that a browser paints itself: the motion package, and the scripts that play it."""
