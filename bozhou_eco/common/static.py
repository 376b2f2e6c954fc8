"""Static files with hashes in their names, and compressed copies in production."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLE_REFERENCES = (
    (
        "*.css",
        (
            r"""(?P<matched>url\(['"]{0,1}\s*(?P<url>.*?)["']{0,1}\))""",
            (
                r"""(?P<matched>@import\s*["']\s*(?P<url>.*?)["'])""",
                """@import url("%(url)s")""",
            ),
        ),
    ),
)
"""What is rewritten: ``url()`` and ``@import`` of style sheets.

Vendored files name source maps that are not shipped; Django's own patterns would take
those comments for references to files.
"""


class HashedStorage(ManifestStaticFilesStorage):
    """For the demo, where compressing costs more than it saves."""

    patterns = STYLE_REFERENCES


class CompressedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """For production."""

    patterns = STYLE_REFERENCES
