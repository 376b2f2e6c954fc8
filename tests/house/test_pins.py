"""Nothing is installed that is not pinned, and nothing pinned is another version."""

import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)$")
# Tools of the environment itself, and what PyTorch brings only where it is built for
# another machine.
OWN = frozenset({"pip", "setuptools", "wheel"})
ELSEWHERE = ("nvidia-", "cuda-", "triton", "torch", "opencv-")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(*names: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                match = PIN.match(line.strip())
                assert match, f"{name}: {line!r} is not an exact version"
                assert plain(match[1]) not in found, f"{match[1]} is pinned twice"
                found[plain(match[1])] = match[2]
    return found


def test_every_installed_package_is_pinned_at_its_version() -> None:
    wanted = pins("requirements.txt", "requirements-dev.txt", "constraints.txt")
    loose = []
    for package in metadata.distributions():
        name = plain(package.metadata["Name"])
        if name in OWN or name.startswith(ELSEWHERE):
            continue
        if wanted.get(name) != package.version:
            loose.append(f"{name}=={package.version}")
    assert loose == []
