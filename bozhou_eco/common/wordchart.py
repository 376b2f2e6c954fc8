"""Column charts that Word itself draws: a chart part written into a python-docx file.

The chart is editable in its look; its numbers are those cached in the part.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from docx.document import Document
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Mm

TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart"
COLOURS = ("9CC8D0", "B3261E", "0B6578", "7A6200")
_SPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def _points(values: Sequence[object]) -> str:
    rows = "".join(
        f'<c:pt idx="{i}"><c:v>{escape(str(value))}</c:v></c:pt>'
        for i, value in enumerate(values)
    )
    return f'<c:ptCount val="{len(values)}"/>{rows}'


def _series(
    place: int, name: str, labels: Sequence[str], values: Sequence[float]
) -> str:
    numbers = [f"{value:g}" for value in values]
    return (
        f'<c:ser><c:idx val="{place}"/><c:order val="{place}"/>'
        f"<c:tx><c:strRef><c:f>S!$A${place + 1}</c:f><c:strCache>{_points([name])}"
        "</c:strCache></c:strRef></c:tx>"
        f'<c:spPr><a:solidFill><a:srgbClr val="{COLOURS[place % len(COLOURS)]}"/>'
        "</a:solidFill></c:spPr>"
        '<c:invertIfNegative val="0"/>'
        f"<c:cat><c:strRef><c:f>S!$B$1:$B${len(labels)}</c:f><c:strCache>"
        f"{_points(labels)}</c:strCache></c:strRef></c:cat>"
        f"<c:val><c:numRef><c:f>S!$C$1:$C${len(labels)}</c:f><c:numCache>"
        f"<c:formatCode>General</c:formatCode>{_points(numbers)}"
        "</c:numCache></c:numRef></c:val></c:ser>"
    )


def _text(size: int) -> str:
    return (
        "<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr>"
        f'<a:defRPr sz="{size}"/></a:pPr><a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'
    )


def chart_xml(
    title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]
) -> bytes:
    """Return the chart part of columns with one colour a series."""
    drawn = "".join(
        _series(place, name, labels, values)
        for place, (name, values) in enumerate(series)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<c:chartSpace {_SPACES}><c:chart><c:title><c:tx><c:rich><a:bodyPr/>"
        '<a:p><a:pPr><a:defRPr sz="1200" b="0"/></a:pPr><a:r>'
        f'<a:rPr lang="zh-CN" sz="1200" b="0"/><a:t>{escape(title)}</a:t></a:r></a:p>'
        '</c:rich></c:tx><c:overlay val="0"/></c:title>'
        '<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/><c:barChart>'
        '<c:barDir val="col"/><c:grouping val="clustered"/><c:varyColors val="0"/>'
        f'{drawn}<c:gapWidth val="60"/><c:axId val="1001"/><c:axId val="1002"/>'
        '</c:barChart><c:catAx><c:axId val="1001"/><c:scaling>'
        '<c:orientation val="minMax"/></c:scaling><c:delete val="0"/>'
        f'<c:axPos val="b"/>{_text(800)}<c:crossAx val="1002"/></c:catAx>'
        '<c:valAx><c:axId val="1002"/><c:scaling><c:orientation val="minMax"/>'
        '</c:scaling><c:delete val="0"/><c:axPos val="l"/><c:majorGridlines>'
        '<c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="E1E6E9"/></a:solidFill>'
        f"</a:ln></c:spPr></c:majorGridlines>{_text(800)}"
        '<c:crossAx val="1001"/></c:valAx></c:plotArea>'
        f'<c:legend><c:legendPos val="b"/>{_text(900)}</c:legend>'
        '<c:plotVisOnly val="1"/></c:chart></c:chartSpace>'
    ).encode()


def add_chart(
    document: Document,
    title: str,
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    *,
    width_mm: float = 160,
    height_mm: float = 70,
) -> None:
    """Add a column chart in a paragraph of its own."""
    package = document.part.package
    number = 1 + sum(
        "/word/charts/" in str(part.partname) for part in package.iter_parts()
    )
    name = PackURI(f"/word/charts/chart{number}.xml")
    part = Part(name, TYPE, chart_xml(title, labels, series), package)
    link = document.part.relate_to(part, LINK)
    wide, high = int(Mm(width_mm)), int(Mm(height_mm))
    inline = parse_xml(
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/'
        'main" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        f'wordprocessingDrawing" {_SPACES}><wp:inline distT="0" distB="0" distL="0" '
        f'distR="0"><wp:extent cx="{wide}" cy="{high}"/>'
        f'<wp:docPr id="{9000 + number}" name="chart{number}" '
        f'descr="{escape(title)}"/><wp:cNvGraphicFramePr/><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        f'<c:chart r:id="{link}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
    document.add_paragraph().add_run()._r.append(inline)
