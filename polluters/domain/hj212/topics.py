"""MQTT topics of HJ 212 frames; the scheme is this platform's own.

``up`` carries raw frames, several a message allowed; ``down`` what goes to the logger;
``committed`` the digests of frames that are in the database (or in quarantine) and
get no 9014: one a line, the first 32 hex signs of SHA-256 over the frame from ``##`` to
its CRC, without CR LF. Intake publishes them for all loggers together, under ``all``.
"""

DIGEST_SIGNS = 32

UP = "hj212/v1/{mn}/up"
DOWN = "hj212/v1/{mn}/down"
STATUS = "hj212/v1/{mn}/status"
COMMITTED = "hj212/v1/{mn}/committed"
