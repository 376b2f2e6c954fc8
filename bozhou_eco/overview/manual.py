"""使用手册: Markdown files of ``docs/manual`` as pages with contents and a search index."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import markdown
from django.conf import settings
from markdown.extensions.toc import TocExtension

FOLDER = Path(settings.BASE_DIR) / "docs" / "manual"
PICTURES = FOLDER.parent / "screenshots"
NAME = re.compile(r"\d\d-([a-z]+)\.md")
TAGS = re.compile(r"<[^>]+>")
LONGEST_HIT = 80


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a page, with the plain text below it."""

    anchor: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the manual as HTML."""

    slug: str
    title: str
    html: str
    sections: tuple[Section, ...]


def pages() -> tuple[Page, ...]:
    """Return all pages in their order; read again when a file changed."""
    files = tuple(sorted(path for path in FOLDER.glob("*.md") if NAME.match(path.name)))
    return _read(tuple((path, path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[Path, int], ...]) -> tuple[Page, ...]:
    return tuple(_page(path) for path, _ in files)


def _page(path: Path) -> Page:
    found = NAME.match(path.name)
    slug = found.group(1) if found else path.stem
    number = iter(range(1, 1000))
    reader = markdown.Markdown(
        extensions=[
            "tables",
            TocExtension(slugify=lambda _value, _sep: f"s{next(number)}"),
        ]
    )
    html = _pictured(reader.convert(path.read_text(encoding="utf-8")))
    sections = tuple(_sections(html))
    return Page(slug, sections[0].title if sections else slug, html, sections)


def _sections(html: str) -> list[Section]:
    parts = re.split(r'<h[1-6] id="([^"]+)">(.*?)</h[1-6]>', html)
    return [
        Section(anchor, _plain(title), _plain(text))
        for anchor, title, text in zip(
            parts[1::3], parts[2::3], parts[3::3], strict=True
        )
    ]


def _pictured(html: str) -> str:
    """Let pictures come from the site; the files name them as a reader of files sees."""
    return html.replace(
        'src="../screenshots/', 'loading="lazy" src="/help/screenshots/'
    )


def picture(name: str) -> Path | None:
    """Return the file of a picture; None if there is none of that name."""
    path = PICTURES / f"{name}.webp"
    return path if path.is_file() else None


def _plain(html: str) -> str:
    return " ".join(TAGS.sub(" ", html).split())


def page(slug: str) -> Page | None:
    """Return one page; None if there is none of that name."""
    return next((one for one in pages() if one.slug == slug), None)


def search(words: str, *, most: int = 8) -> list[tuple[Page, Section, str]]:
    """Return the sections in which every word stands, titles first, with an excerpt."""
    wanted = words.casefold().split()
    if not wanted:
        return []
    hits: list[tuple[int, Page, Section, str]] = []
    for one in pages():
        for section in one.sections:
            whole = f"{section.title} {section.text}".casefold()
            if all(word in whole for word in wanted):
                rank = 0 if wanted[0] in section.title.casefold() else 1
                hits.append((rank, one, section, _excerpt(section.text, wanted[0])))
    hits.sort(key=lambda hit: hit[0])
    return [hit[1:] for hit in hits[:most]]


def _excerpt(text: str, word: str) -> str:
    at = max(text.casefold().find(word), 0)
    begin = max(at - 20, 0)
    return ("…" if begin else "") + text[begin : begin + LONGEST_HIT]
