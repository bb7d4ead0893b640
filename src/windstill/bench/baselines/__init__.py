"""Published and customary ways to animate a still photo, rewritten from their equations.

Each takes the same photo, matte and motion as Windstill and yields whole frames, so that only
the method differs.
"""

from windstill.bench.baselines.displace import displace
from windstill.bench.baselines.eulerian import eulerian
from windstill.bench.baselines.flow_map import flow_map
from windstill.bench.baselines.sine import sine, sine_displacement

__all__ = ["displace", "eulerian", "flow_map", "sine", "sine_displacement"]
