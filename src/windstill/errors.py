"""Every error that Windstill raises on purpose, as one tree.

    WindstillError
    ├── InvalidOption          an option is outside what is allowed
    ├── InvalidPhoto           the bytes given are no photo that can be animated
    │   ├── UnreadablePhoto    no such file, or one that can't be read
    │   ├── EmptyPhoto         no bytes at all
    │   ├── NotAPhoto          the content is not an image
    │   ├── UnsupportedFormat  an image, but of a format that the caller does not accept
    │   ├── CorruptPhoto       an image whose data are truncated or damaged
    │   ├── FileTooLarge       more bytes than the limit
    │   ├── PhotoTooSmall      a side shorter than the limit
    │   └── PhotoTooLarge      a side, or the number of pixels, above the limit
    ├── NothingToMove          the photo shows nothing that could move, and that was asked for
    ├── InvalidMatte           a matte given by the caller does not fit the photo
    ├── OutputError            the result can't be written where it was asked for
    ├── EncoderError           the video encoder failed
    ├── PerceptionError        the matte network failed
    ├── InvalidSetting         what the operator set is unknown or outside what is allowed
    └── Cancelled              the caller asked to stop

An error knows its `code` (stable, for programs), the `field` it is about, a `message` for people
that says what was wrong and what is allowed, and the exit status of the command line. What an
HTTP answer makes of it is decided in one table of the HTTP layer.
"""

from __future__ import annotations

from typing import ClassVar


class WindstillError(Exception):
    """Base of all errors raised on purpose. `str(error)` is fit to be shown to a user."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    field: str | None = None

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if field is not None:
            self.field = field

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process boundaries; the keyword would be lost by the default pickling.
        return _rebuild, (type(self), self.message, self.field)


def _rebuild(kind: type[WindstillError], message: str, field: str | None) -> WindstillError:
    return kind(message, field=field)


class InvalidOption(WindstillError):
    """An option is unknown or outside its range; `field` names it."""

    code = "invalid_option"
    exit_status = 2


class InvalidPhoto(WindstillError):
    """The bytes given are no photo that can be animated."""

    code = "invalid_photo"
    exit_status = 3
    field = "image"


class UnreadablePhoto(InvalidPhoto):
    code = "unreadable_photo"


class EmptyPhoto(InvalidPhoto):
    code = "empty_photo"


class NotAPhoto(InvalidPhoto):
    code = "not_a_photo"


class UnsupportedFormat(InvalidPhoto):
    code = "unsupported_format"


class CorruptPhoto(InvalidPhoto):
    code = "corrupt_photo"


class FileTooLarge(InvalidPhoto):
    code = "file_too_large"


class PhotoTooSmall(InvalidPhoto):
    code = "photo_too_small"


class PhotoTooLarge(InvalidPhoto):
    code = "photo_too_large"


class NothingToMove(WindstillError):
    """The photo shows nothing that was asked for; raised only where the caller wants that."""

    code = "nothing_to_move"
    exit_status = 3
    field = "image"


class InvalidMatte(WindstillError):
    """A matte given by the caller has the wrong shape, type or range."""

    code = "invalid_matte"
    exit_status = 2
    field = "mattes"


class OutputError(WindstillError):
    """The result can't be written where it was asked for."""

    code = "output_error"
    exit_status = 4
    field = "output"


class EncoderError(WindstillError):
    """The video encoder failed; nothing was left at the output path."""

    code = "encoder_error"
    exit_status = 5


class PerceptionError(WindstillError):
    """The matte network is missing, damaged, or failed on this photo."""

    code = "perception_error"
    exit_status = 5


class InvalidSetting(WindstillError):
    """A setting of the service is unknown or outside its range; `field` names it."""

    code = "invalid_setting"
    exit_status = 2


class Cancelled(WindstillError):
    """The caller asked to stop; nothing was left at the output path."""

    code = "cancelled"
    exit_status = 130
