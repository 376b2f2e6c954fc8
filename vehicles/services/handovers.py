"""Bring a matter of vehicles or stations into casework, ready to go to another authority.

A clue is opened and taken up, its check-list is answered from the facts, they are sealed
as evidence, and the letter is issued. How it goes on is the caller's choice.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bozhou_eco.accounts.models import District, Organisation, User
from enforcement.domain.documents import DocumentKind
from enforcement.models import Case, CaseFile, Document
from enforcement.services import content
from enforcement.services.cases import move_case, open_case
from enforcement.services.documents import issue_document


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence, and where and when it was taken."""

    title: str
    name: str
    media_type: str
    body: bytes
    kind: str
    taken_at: datetime
    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """What the clue says, what proves it, and what the letter asks of whom.

    ``items`` are (code, text, answer) of the check-list.
    """

    kind: str
    source: str
    title: str
    subject_key: str
    subject_name: str
    district: District | None
    summary: str
    evidence_url: str
    items: Sequence[tuple[str, str, str]]
    conclusion: str
    pieces: Sequence[Piece]
    recipient: str
    matter: str
    legal_basis: str
    organisation: Organisation | None = None
    severity: str = "minor"


@dataclass(frozen=True, slots=True)
class Begun:
    """A clue with its evidence and an issued letter."""

    case: Case
    letter: Document
    files: Sequence[CaseFile]


def begin_case(matter: Matter, *, actor: User, now: datetime) -> Begun:
    """Open the clue, prove it and issue its letter, in the caller's transaction.

    Raises `enforcement.domain.workflow.Refused` with what is lacking.
    """
    case = open_case(
        actor=actor,
        now=now,
        kind=matter.kind,
        source=matter.source,
        title=matter.title,
        subject_key=matter.subject_key,
        subject_name=matter.subject_name,
        district=matter.district,
        organisation=matter.organisation,
        summary=matter.summary,
        severity=matter.severity,
        evidence_url=matter.evidence_url,
    )
    move_case(case=case, action="take_up", actor=actor, now=now, note="", data=None)
    content.fill_checklist(
        case=case,
        items=[
            {"code": code, "text": text, "answer": answer, "note": ""}
            for code, text, answer in matter.items
        ],
        conclusion=matter.conclusion,
        actor=actor,
        now=now,
    )
    return prove(case, matter, actor=actor, now=now)


def prove(case: Case, matter: Matter, *, actor: User, now: datetime) -> Begun:
    """Add the evidence to a clue and issue the letter that a transfer needs."""
    files = [
        content.add_file(
            case=case,
            source=io.BytesIO(piece.body),
            name=piece.name,
            media_type=piece.media_type,
            size=len(piece.body),
            kind=piece.kind,
            title=piece.title,
            actor=actor,
            now=now,
            taken_at=min(piece.taken_at, now),
            latitude=piece.latitude,
            longitude=piece.longitude,
            accuracy_m=piece.accuracy_m,
        )
        for piece in matter.pieces
    ]
    letter = issue_document(
        case=case,
        kind=DocumentKind.TRANSFER_LETTER,
        data={
            "recipient": matter.recipient,
            "matter": matter.matter,
            "legal_basis": matter.legal_basis,
            "reply_by": None,
        },
        actor=actor,
        now=now,
    )
    return Begun(case, letter, files)
