"""Numbers of any number of bits."""

from __future__ import annotations

from windstill.photo.containers.base import Damaged


class Bits:
    """Reads a bitstream's header from its most significant bit on. Raises `Damaged` at its end."""

    def __init__(self, body: bytes) -> None:
        self._value = int.from_bytes(body, "big")
        self._left = 8 * len(body)

    def take(self, count: int) -> int:
        """The next `count` bits as a number."""
        self._left -= count
        if self._left < 0:
            raise Damaged("its sequence header is truncated")
        return self._value >> self._left & ((1 << count) - 1)

    def skip_uvlc(self) -> None:
        """Skips a number of AV1 that tells its own length."""
        zeros = self._zeros()
        if zeros < 32:
            self.take(zeros)

    def take_ue(self) -> int:
        """A number of H.265 that tells its own length (Exp-Golomb, section 9.2)."""
        zeros = self._zeros()
        if zeros > 32:
            raise Damaged("its sequence header makes no sense")
        return (1 << zeros) - 1 + self.take(zeros)

    def _zeros(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
        return zeros
