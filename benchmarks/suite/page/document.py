"""A small document: sections of text, tables and charts, as one HTML page or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from benchmarks.suite.page.style import STYLE


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes
    ----------
    words : str
        Plain text.
    tone : str
        ``plain``, ``note`` (small) or ``alarm``.
    """

    words: str
    tone: str = "plain"


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    words: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    columns : sequence of str
    rows : sequence of sequence of str
        Plain text; ``**text**`` stands out.
    words : int
        Leading columns that hold words; the others hold numbers, set right.
    whole : int
        Leading columns that are not broken over lines where there is room.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    whole: int = 1

    def markdown(self) -> str:
        """The table in Markdown."""
        rule = ["---" if place < self.words else "---:" for place in range(len(self.columns))]
        lines = [
            [" ".join(cell.replace("|", "\\|").split()) for cell in row]
            for row in (self.columns, rule, *self.rows)
        ]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class Chart:
    """A chart; Markdown leaves it out, the tables beside it hold the numbers.

    Attributes
    ----------
    title : str
    svg : str
    legend : sequence of tuple of str
        Drawn mark and name.
    """

    title: str
    svg: str
    legend: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Charts:
    """Charts side by side where there is room."""

    charts: Sequence[Chart]


Block = Text | Points | Table | Chart | Charts


@dataclass
class Section:
    """A heading and what is under it."""

    title: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Name to link to."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower()).strip("-")


@dataclass
class Document:
    """Title, a line under it, and sections; the first stands alone before the contents."""

    title: str
    subtitle: str
    sections: list[Section]

    def html(self) -> str:
        """One page that needs nothing else: no script, no file, no network."""
        first, *rest = self.sections
        links = "".join(f'<li><a href="#{s.anchor}">{escape(s.title)}</a></li>' for s in rest)
        body = "".join(_section(section) for section in rest)
        return (
            '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f'<header><h1>{escape(self.title)}</h1><p class="sub">{escape(self.subtitle)}</p>'
            f"</header>\n<main>\n{_section(first, 'lead')}"
            f'<nav aria-label="Contents"><ol>{links}</ol></nav>\n{body}</main>\n</body>\n</html>\n'
        )

    def markdown(self) -> str:
        """The same without charts."""
        parts = [f"# {self.title}", self.subtitle]
        for section in self.sections:
            parts.append(f"## {section.title}")
            parts += [text for block in section.blocks if (text := _markdown(block))]
        return "\n\n".join(parts) + "\n"


def _section(section: Section, kind: str = "") -> str:
    body = "".join(_html(block) for block in section.blocks)
    mark = f' class="{kind}"' if kind else ""
    return (
        f'<section id="{section.anchor}"{mark}><h2>{escape(section.title)}</h2>{body}</section>\n'
    )


def _html(block: Block) -> str:
    if isinstance(block, Text):
        mark = "" if block.tone == "plain" else f' class="{block.tone}"'
        return f"<p{mark}>{_inline(block.words)}</p>\n"
    if isinstance(block, Points):
        return "<ul>" + "".join(f"<li>{_inline(words)}</li>" for words in block.words) + "</ul>\n"
    if isinstance(block, Table):
        return _html_table(block)
    if isinstance(block, Charts):
        return f'<div class="charts">{"".join(_html(chart) for chart in block.charts)}</div>\n'
    legend = "".join(f"<li>{mark}{escape(name)}</li>" for mark, name in block.legend)
    return (
        f"<figure><figcaption>{escape(block.title)}</figcaption>{block.svg}"
        + (f'<ul class="legend">{legend}</ul>' if legend else "")
        + "</figure>\n"
    )


def _html_table(table: Table) -> str:
    def cells(row: Sequence[str], head: bool = False) -> str:
        out = []
        for place, text in enumerate(row):
            kind = "n" if place >= table.words else ""
            kind = "k" if place < min(table.whole, table.words) and not head else kind
            mark = f' class="{kind}"' if kind else ""
            if head:
                out.append(f'<th scope="col"{mark}>{_inline(text)}</th>')
            elif place == 0:
                out.append(f'<th scope="row">{_inline(text)}</th>')
            else:
                out.append(f"<td{mark}>{_inline(text)}</td>")
        return "<tr>" + "".join(out) + "</tr>"

    return (
        f'<div class="wide" tabindex="0"><table><thead>{cells(table.columns, True)}'
        f"</thead><tbody>{''.join(cells(row) for row in table.rows)}</tbody></table></div>\n"
    )


def _inline(text: str) -> str:
    """Escaped, with ``**text**`` standing out."""
    parts = escape(text).split("**")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(f"<b>{part}</b>" if k % 2 else part for k, part in enumerate(parts))


def _markdown(block: Block) -> str:
    if isinstance(block, Text):
        return f"**{block.words}**" if block.tone == "alarm" else block.words
    if isinstance(block, Points):
        return "\n".join(f"- {words}" for words in block.words)
    return block.markdown() if isinstance(block, Table) else ""
