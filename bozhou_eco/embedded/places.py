"""Where embedded servers keep their files, and as whom they run.

PostgreSQL refuses to run as root. As root it therefore runs as an unprivileged user, and
its binaries and data must lie where that user can go: under the state directory if every
folder above it may be entered, else under ``/var/tmp``.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import stat
from pathlib import Path

SHARED = Path("/var/tmp")  # noqa: S108  (entered by all, survives a reboot)
SOCKET_PATH_LIMIT = 90


def service_user() -> pwd.struct_passwd | None:
    """Return whom servers run as when this process is root, else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL cannot run as root and no user 'nobody' exists.")


def can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Return whether ``user`` may enter ``folder`` and every folder above it."""
    for place in (folder, *folder.parents):
        info = place.stat()
        if info.st_uid == user.pw_uid:
            bit = stat.S_IXUSR
        elif info.st_gid == user.pw_gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not info.st_mode & bit:
            return False
    return True


def make_private(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """Make ``folder`` for ``user`` alone and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o700)
    return folder


def home(state: Path) -> Path:
    """Return a folder of ours that the service user can enter.

    It is the state directory itself where possible. Otherwise a random name below
    ``/var/tmp`` is made once and noted in the state directory; homes whose state
    directory is gone are removed.
    """
    state.mkdir(parents=True, exist_ok=True)
    user = service_user()
    if user is None or can_enter(state, user):
        return state
    _sweep_orphans()
    note = state / "home"
    if note.exists():
        place = Path(note.read_text().strip())
        if place.is_dir() and place.stat().st_uid == os.geteuid():
            return place
    place = SHARED / f"bozhou-eco-{secrets.token_hex(8)}"
    place.mkdir(mode=0o711)
    (place / "belongs-to").write_text(str(state.resolve()))
    note.write_text(str(place))
    return place


def _sweep_orphans() -> None:
    for mark in SHARED.glob("bozhou-eco-*/belongs-to"):
        place = mark.parent
        if place.stat().st_uid != os.geteuid():
            continue
        note = Path(mark.read_text()) / "home"
        if not note.exists() or note.read_text().strip() != str(place):
            shutil.rmtree(place, ignore_errors=True)


def socket_dir(home_dir: Path, user: pwd.struct_passwd | None) -> Path:
    """Return a private folder whose path is short enough for a Unix socket."""
    wanted = home_dir / "run"
    if len(str(wanted)) > SOCKET_PATH_LIMIT:
        digest = hashlib.sha256(f"{home_dir}{os.geteuid()}".encode()).hexdigest()[:16]
        wanted = Path("/tmp") / f"bozhou-eco-{digest}"  # noqa: S108
        owners = {os.geteuid(), user.pw_uid if user else os.geteuid()}
        if wanted.exists() and wanted.stat().st_uid not in owners:
            raise RuntimeError(f"{wanted} belongs to somebody else.")
    return make_private(wanted, user)


def enterable_copy(package: Path, libraries: Path, version: str) -> Path:
    """Return ``package`` itself or a copy that the service user can enter.

    The copy keeps the two folders side by side, as the binaries look for their
    libraries relative to themselves.
    """
    user = service_user()
    if user is None or can_enter(package / "bin", user):
        return package
    digest = hashlib.sha256(f"{version}{package}".encode()).hexdigest()[:12]
    base = SHARED / f"bozhou-eco-pg-{digest}"
    done = base / package.parent.name / package.name
    if base.exists():
        if base.stat().st_uid == os.geteuid():
            return done
        base = SHARED / f"bozhou-eco-pg-{digest}-{secrets.token_hex(4)}"
        done = base / package.parent.name / package.name
    building = SHARED / f"bozhou-eco-pg-new-{secrets.token_hex(8)}"
    building.mkdir(mode=0o755)
    shutil.copytree(package, building / package.parent.name / package.name)
    shutil.copytree(libraries, building / libraries.name)
    for folder, _, files in os.walk(building):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            path.chmod(path.stat().st_mode | 0o444 | (path.stat().st_mode & 0o100) // 8)
    try:
        building.rename(base)
    except OSError:  # another process was faster
        shutil.rmtree(building)
    return done
