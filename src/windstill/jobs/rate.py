"""How fast a key may submit."""

from __future__ import annotations

import math
import threading

from windstill.jobs.errors import RateLimited

_PRUNE_AT = 10_000


class TokenBuckets:
    """One bucket for each key: `burst` submissions at once, refilled at `rate` a second.

    In memory, and so for each service process alone: a refused flood must not become a flood of
    durable writes, and what is forgotten by a restart is worth a burst. The limits that protect
    credits and the queue are exact, in the store.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Tokens, when they were counted, and when the bucket will be full.
        self._buckets: dict[str, tuple[float, float, float]] = {}

    def take(self, key_id: str, rate: float, burst: int, now: float) -> None:
        """Takes one token. Raises `RateLimited` with the seconds until there is one."""
        with self._lock:
            tokens = self._count(key_id, rate, burst, now) - 1.0
            self._buckets[key_id] = tokens, now, now + (burst - tokens) / rate
            if len(self._buckets) > _PRUNE_AT:
                self._prune(now)

    def check(self, key_id: str, rate: float, burst: int, now: float) -> None:
        """Raises `RateLimited` as `take` would, and takes nothing."""
        with self._lock:
            self._count(key_id, rate, burst, now)

    def _count(self, key_id: str, rate: float, burst: int, now: float) -> float:
        """The tokens that there are now, one at least."""
        tokens, last, _ = self._buckets.get(key_id, (float(burst), now, now))
        # A clock set back must neither fill nor starve a bucket.
        tokens = min(float(burst), tokens + max(0.0, now - last) * rate)
        if tokens < 1.0:
            self._buckets[key_id] = tokens, now, now + (burst - tokens) / rate
            wait = math.ceil((1.0 - tokens) / rate * 1000) / 1000
            raise RateLimited(
                f"This key may submit {60 * rate:.4g} jobs a minute.", retry_after=wait
            )
        return tokens

    def _prune(self, now: float) -> None:
        """Forgets the buckets that are full again, each by its own key's rate."""
        self._buckets = {
            key_id: bucket for key_id, bucket in self._buckets.items() if now < bucket[2]
        }
