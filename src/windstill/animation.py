"""What a finished request gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from windstill.elements.base import Movement, Notice
from windstill.video.part_file import output_error, part_file


@dataclass(frozen=True)
class Animation:
    """The encoded loop, and what is known of it.

    path: the file written, or None when no output was asked for; then `data` holds the bytes.
    width, height: of the video, in pixels. frames, fps, seconds: of one loop as encoded.
    repeats: how often the loop follows itself in the file. poster: the first frame's file, if
    one was asked for.
    moved: one entry for each element that was looked for. warnings: what the caller should know,
    such as that no sky was found. timings: seconds spent in each stage.
    """

    path: Path | None
    data: bytes | None = field(repr=False)
    format: str
    mime: str
    width: int
    height: int
    frames: int
    fps: float
    seconds: float
    moved: tuple[Movement, ...]
    warnings: tuple[Notice, ...]
    timings: dict[str, float]
    repeats: int = 1
    poster: Path | None = None

    @property
    def moves(self) -> bool:
        """Whether anything at all moves; otherwise the video is the photo, standing still."""
        return any(movement.motion != "none" for movement in self.moved)

    def read(self) -> bytes:
        """The encoded file's bytes."""
        return self.path.read_bytes() if self.path is not None else self.data or b""

    def save(self, path: str | Path) -> Path:
        """Writes the encoded file to `path`, in one step.

        Raises `OutputError` when that is impossible; what was at `path` before is still there then.
        """
        target = Path(path)
        with part_file(target) as part:
            try:
                part.write_bytes(self.read())
            except OSError as error:
                raise output_error(target, error) from error
        return target

    def facts(self) -> dict[str, object]:
        """Everything but the bytes, as plain values fit for JSON."""
        return {
            "path": None if self.path is None else str(self.path),
            "format": self.format,
            "mime": self.mime,
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "fps": self.fps,
            "seconds": self.seconds,
            "repeats": self.repeats,
            "poster": None if self.poster is None else str(self.poster),
            "moved": [asdict(movement) for movement in self.moved],
            "warnings": [asdict(notice) for notice in self.warnings],
            "timings": {stage: round(spent, 4) for stage, spent in self.timings.items()},
        }
