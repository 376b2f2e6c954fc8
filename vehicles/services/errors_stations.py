"""What a station may be told no for; the REST interface turns these into problems."""


class StationRefusalError(Exception):
    """A request that cannot be carried out.

    ``status`` is the HTTP status, ``code`` a word for programs, ``field`` the part of
    the request at fault; nothing was written unless the message says so.
    """

    def __init__(
        self, message: str, *, status: int = 409, code: str = "refused", field: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.field = field


class UnknownSessionError(StationRefusalError):
    """The calling station has no such session; another station's counts as none."""

    def __init__(self) -> None:
        super().__init__("本机构没有该流水号的检验", status=404, code="not_found")
