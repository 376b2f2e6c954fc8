#!/usr/bin/env python
"""Run a management command of the platform."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    """Point Django at the settings and run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bozhou_eco.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(
            f"!!  configuration: {error}\n      See docs/operations.md, Variables."
        )


if __name__ == "__main__":
    main()
