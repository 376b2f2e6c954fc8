"""A typed door to drf-spectacular's ``extend_schema``."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from drf_spectacular.utils import extend_schema

Operation = TypeVar("Operation", bound=Callable[..., Any])


def operation(**description: Any) -> Callable[[Operation], Operation]:
    """Describe a REST operation; the arguments are those of ``extend_schema``."""
    return cast(Callable[[Operation], Operation], extend_schema(**description))
