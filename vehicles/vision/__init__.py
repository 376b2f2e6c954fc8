"""Seeing: loaded only by the vision worker and by vision commands."""

import os

# Ultralytics must neither ask the internet anything nor install packages by itself.
os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_VERBOSE", "false")
