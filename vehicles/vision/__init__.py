"""Seeing: loaded only by the vision worker and by vision commands."""

import os

# Ultralytics must neither ask the internet anything nor install packages by itself.
os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_VERBOSE", "false")

import os

from PIL.Image import open as open_picture

# Ultralytics installs packages by itself when a file needs them, replaces Pillow's
# ``open`` to that end, and reports on standard output. A service does none of this.
os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_VERBOSE", "false")

__all__ = ["open_picture"]
