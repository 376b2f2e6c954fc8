"""Nothing is installed that is not pinned, and nothing pinned is another version or file."""

import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)$")
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)((?: --hash=sha256:[0-9a-f]{64})+)$")
FILES = ("requirements.txt", "requirements-dev.txt", "constraints.txt")
PARTS = ("# --- web", "# --- vision", "# --- tools")
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
    wanted = pins(*FILES)
    loose = []
    for package in metadata.distributions():
        name = plain(package.metadata["Name"])
        if name in OWN or name.startswith(ELSEWHERE):
            continue
        if wanted.get(name) != package.version:
            loose.append(f"{name}=={package.version}")
    assert loose == []


def locked() -> dict[str, dict[str, str]]:
    """Return the packages of the lock by its parts; a line of another form fails."""
    found: dict[str, dict[str, str]] = {part: {} for part in PARTS}
    part: dict[str, str] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if line.startswith(PARTS):
            part = found[line.partition(":")[0].partition(",")[0]]
        elif not line.startswith("#"):
            match = LOCKED.match(line)
            assert match, f"requirements.lock: {line!r} is no package with its hash"
            assert all(plain(match[1]) not in one for one in found.values())
            part[plain(match[1])] = match[2]
    return found


def test_the_lock_names_exactly_the_pins() -> None:
    """What production installs by hash is what was tested here, no more and no less."""
    whole = {name: ver for part in locked().values() for name, ver in part.items()}
    own = {name for name in whole if name in OWN}
    assert {name: ver for name, ver in whole.items() if name not in own} == pins(*FILES)


def test_the_images_install_by_hash_and_what_they_need_alone() -> None:
    parts = locked()
    base, _, vision = (
        (ROOT / "requirements.txt")
        .read_text(encoding="utf-8")
        .partition("# --- vision")
    )
    for text, part in ((base, "# --- web"), (vision, "# --- vision")):
        names = {plain(m[1]) for line in text.splitlines() if (m := PIN.match(line))}
        assert names
        assert names <= {*parts[part]}
    assert "torch" not in parts["# --- web"]
    assert "pytest" in parts["# --- tools"]
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nRUN ")
    installs = [step for step in steps if "pip install" in step]
    assert installs
    assert all("--require-hashes" in step for step in installs)
