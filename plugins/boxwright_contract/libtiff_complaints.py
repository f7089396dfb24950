"""What libtiff prints to standard error about damaged files, which nobody can turn off in Pillow.

It prints a line for each bad row: a TIFF of 188 KB had 60,000 of them, 3.5 MB of a server's log.
"""

import ctypes

from PIL import _imaging


def silence() -> None:
    """Have Pillow's libtiff print nothing; where it is hidden inside of Pillow, it goes on."""
    try:
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (AttributeError, OSError, TypeError):
        return
    set_handler(None)
