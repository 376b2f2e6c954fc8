"""Render Word documents, and refuse templates that are not safe or not right."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import TemplateError as JinjaError
from jinja2 import Undefined
from jinja2.sandbox import SandboxedEnvironment

MAX_TEMPLATE_BYTES = 5 * 1024 * 1024
MAX_UNPACKED_BYTES = 50 * 1024 * 1024
MACRO_PARTS = ("vbaproject.bin", "vbadata.xml", "activex", "oleobject", "embeddings/")


class TemplateError(ValueError):
    """A Word template that cannot be used; the message says why."""


class _Blank(Undefined):
    """A value that is not there prints as nothing."""

    def __str__(self) -> str:
        return ""


class _Environment(SandboxedEnvironment):
    """Looks answers up before methods: ``form.items`` is what was typed in."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the value under a name, or what the sandbox allows of an object."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def _environment() -> SandboxedEnvironment:
    return _Environment(autoescape=True, undefined=_Blank)


def render_word(template: bytes, context: Mapping[str, Any]) -> bytes:
    """Return ``template`` filled from ``context``; raises `TemplateError`."""
    output = io.BytesIO()
    try:
        document = DocxTemplate(io.BytesIO(template))
        document.render(dict(context), jinja_env=_environment(), autoescape=True)
        document.save(output)
    except Exception as error:  # a tag that cannot be filled, or a damaged part
        raise TemplateError(f"模板标签有误：{error}") from error
    return output.getvalue()


def check_template(content: bytes, known: Mapping[str, Any]) -> None:
    """Raise `TemplateError` unless ``content`` is a plain .docx that renders.

    ``known`` is a sample context: variables that it lacks are refused by name. Macros,
    embedded objects, external links and archives that unpack to too much are refused.
    """
    _check_archive(content)
    try:
        document = DocxTemplate(io.BytesIO(content))
        used = document.get_undeclared_template_variables(_environment())
    except JinjaError as error:
        raise TemplateError(f"模板标签有误：{error}") from error
    except Exception as error:  # whatever lxml, zipfile and python-docx make of damage
        raise TemplateError(f"不是可以读取的 Word 文档：{error}") from error
    unknown = sorted(used - set(known))
    if unknown:
        raise TemplateError(f"模板中有未知变量：{'、'.join(unknown)}")
    render_word(content, known)


def _check_archive(content: bytes) -> None:
    if len(content) > MAX_TEMPLATE_BYTES:
        raise TemplateError("模板超过 5 MB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = [info.filename.lower() for info in infos]
            types = archive.read("[Content_Types].xml") if infos else b""
            links = b"".join(
                archive.read(info)
                for info in infos
                if info.filename.endswith(".rels") and info.file_size < 1 << 20
            )
    except Exception as error:  # damage shows as a dozen errors of zipfile and zlib
        raise TemplateError("不是 .docx 文件，或文件已损坏") from error
    if sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES:
        raise TemplateError("模板解压后过大")
    if b"macroEnabled" in types or any(
        part in name for name in names for part in MACRO_PARTS
    ):
        raise TemplateError("模板含有宏或嵌入对象，请另存为不含宏的 .docx")
    if b'TargetMode="External"' in links:
        raise TemplateError("模板引用了外部资源，请移除后再上传")
    if "word/document.xml" not in names:
        raise TemplateError("不是 Word 文档（缺少 word/document.xml）")
