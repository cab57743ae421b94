"""Charts as inline SVG: drawn for a width of 360, so that they are read on a phone too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 360.0
FONT = 11.5

INKS = (
    "#0072b2", "#d55e00", "#009e73", "#8a3ca0", "#a8730a", "#1f9ed1", "#b0306a", "#444444",
)  # fmt: skip
"""Told apart by people who see colours differently; after eight the dashes change."""

DASHES = ("", "6 3", "2 2", "8 3 2 3")
MARKS = ("circle", "square", "diamond", "triangle")

STATUS_INKS = {
    "right": "#1b7f5c",
    "feasible-at-limit": "#7fc4a8",
    "soft-time-out": "#e2b84a",
    "hard-time-out": "#c98a1b",
    "out-of-memory": "#b5651d",
    "crash": "#7a3b1d",
    "infeasible": "#8fa3c7",
    "unbounded": "#6c83b3",
    "wrong": "#b3001b",
    "error": "#6b6b6b",
    "unsupported": "#c9ced3",
    "licence-limit": "#dfe3e6",
    "missing": "#eef0f2",
}
STAGE_INKS = {
    "build": "#0072b2",
    "compile": "#56b4e9",
    "handover": "#8a3ca0",
    "solve": "#b8bec4",
    "readback": "#d55e00",
}


@dataclass(frozen=True)
class Look:
    """How a series is told from the others."""

    ink: str
    dash: str
    mark: str

    def line(self) -> str:
        """Attributes of its line."""
        dash = f' stroke-dasharray="{self.dash}"' if self.dash else ""
        return f'fill="none" stroke="{self.ink}" stroke-width="1.8"{dash}'

    def point(self, x: float, y: float, size: float = 3.2) -> str:
        """Its mark at a place."""
        if self.mark == "circle":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{self.ink}"/>'
        sides = {"square": (4, 45.0), "diamond": (4, 0.0), "triangle": (3, -90.0)}
        count, turn = sides[self.mark]
        corners = " ".join(
            f"{x + 1.3 * size * math.cos(math.radians(turn + 360 * k / count)):.1f},"
            f"{y + 1.3 * size * math.sin(math.radians(turn + 360 * k / count)):.1f}"
            for k in range(count)
        )
        return f'<polygon points="{corners}" fill="{self.ink}"/>'

    def swatch(self) -> str:
        """Its line and mark for a legend."""
        return (
            '<svg viewBox="0 0 26 10" aria-hidden="true">'
            f'<path d="M1 5H25" {self.line()}/>{self.point(13, 5)}</svg>'
        )


def looks(names: Sequence[str]) -> dict[str, Look]:
    """A look for every name, the same in all charts of a page."""
    return {
        name: Look(
            INKS[k % len(INKS)],
            DASHES[(k // len(INKS) + k) % len(DASHES)],
            MARKS[(k // len(INKS) + k) % len(MARKS)],
        )
        for k, name in enumerate(names)
    }


def block(ink: str) -> str:
    """A filled swatch for a legend."""
    return (
        '<svg viewBox="0 0 26 10" aria-hidden="true">'
        f'<rect width="26" height="10" fill="{ink}" stroke="#999" stroke-width=".5"/></svg>'
    )


def _chart(height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH:g} {height:g}" role="img" font-size="{FONT}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, words: str, anchor: str = "start", soft: bool = False) -> str:
    ink = ' style="fill:#5a6570"' if soft else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{ink}>{escape(words)}</text>'


def short(value: float) -> str:
    """A number for people: three digits, thousands with k and M."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 999_500:
        return f"{value / 1e6:.3g}M"
    if size >= 9_995:
        return f"{value / 1e3:.3g}k"
    if size < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-")
    return f"{value:.3g}" if size < 999.5 else f"{value:.0f}"


class Axis:
    """Positions of numbers along a stretch.

    Parameters
    ----------
    low, high : float
        Numbers at its ends.
    start, end : float
        Positions of the ends.
    log : bool
        By powers of ten.
    """

    def __init__(self, low: float, high: float, start: float, end: float, log: bool) -> None:
        if log and high <= low * 1.05:
            low, high = low / 2, high * 2
        elif high <= low:
            high = low + 1.0
        self.low, self.high, self.start, self.end, self.log = low, high, start, end, log

    def at(self, value: float) -> float:
        """Position of a number; numbers beyond the ends are put at the end."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """A handful of round numbers between the ends."""
        return _log_ticks(self.low, self.high) if self.log else _ticks(self.low, self.high)


def _ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    if len(decades) > 7:
        every = math.ceil(len(decades) / 6)
        found = [10.0**d for d in decades if d % every == 0]
    elif len(decades) > 3:
        found = [10.0**d for d in decades]
    else:
        found = [m * 10.0**d for d in decades for m in (1, 2, 5)]
    return [v for v in found if low * 0.999 <= v <= high * 1.001]


def curves(
    title: str,
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    look: Mapping[str, Look],
    axes: tuple[str, str],
    *,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    log_y: bool = False,
    steps: bool = False,
    percent: bool = False,
) -> str:
    """Lines over a logarithmic x axis.

    Parameters
    ----------
    title : str
        Read out by screen readers.
    series : mapping of str to (x, y)
    look : mapping of str to Look
    axes : tuple of str
        Words under and above the axes.
    x_range, y_range : tuple of float
        Ends of the axes.
    log_y : bool
        Also by powers of ten upwards.
    steps : bool
        Stairs rather than straight lines with marks.
    percent : bool
        The y axis in per cent.
    """
    height = 290.0
    x = Axis(*x_range, 46, WIDTH - 12, True)
    y = Axis(*y_range, height - 44, 24, log_y)
    parts = [_text(2, 12, axes[1], soft=True)]
    for tick in y.ticks():
        words = f"{tick:.0%}" if percent else short(tick)
        parts.append(
            f'<path d="M46 {y.at(tick):.1f}H{WIDTH - 12:g}" stroke="#e3e7ea"/>'
            + _text(41, y.at(tick) + 4, words, "end")
        )
    parts += [
        f'<path d="M{x.at(tick):.1f} 24V{height - 44:g}" stroke="#eef0f2"/>'
        + _text(x.at(tick), height - 28, short(tick), "middle")
        for tick in x.ticks()
    ]
    parts.append(_text((46 + WIDTH - 12) / 2, height - 8, axes[0], "middle", soft=True))
    for name, (xs, ys) in series.items():
        parts.append(_curve(x, y, xs, ys, look[name], steps, name))
    return _chart(height, title, parts)


def _curve(
    x: Axis, y: Axis, xs: Sequence[float], ys: Sequence[float], look: Look, steps: bool, name: str
) -> str:
    if not len(xs):
        return ""
    places = [(x.at(a), y.at(b)) for a, b in zip(xs, ys, strict=True) if a <= x.high * 1.0001]
    tip = f"<title>{escape(name)}</title>"
    if steps:
        path = f"M{x.start:.1f} {y.at(0.0):.1f}"
        path += "".join(f"H{px:.1f}V{py:.1f}" for px, py in places) + f"H{x.end:.1f}"
        return f'<g>{tip}<path d="{path}" {look.line()}/></g>'
    path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in places)
    points = "".join(look.point(px, py) for px, py in places)
    return f'<g>{tip}<path d="{path}" {look.line()}/>{points}</g>'


def bars(
    title: str,
    rows: Mapping[str, Mapping[str, float]],
    inks: Mapping[str, str],
    unit: str = "",
    *,
    share: bool = False,
) -> str:
    """Stacked bars lying down, each under its name.

    Parameters
    ----------
    title : str
    rows : mapping of str to mapping of str to float
        Amounts of every part, by bar.
    inks : mapping of str to str
        Colour of every part, in stacking order.
    unit : str
        Of the totals at the ends.
    share : bool
        All bars as long, the first part as a percentage at the end.
    """
    room = WIDTH - 70
    longest = max((sum(parts.values()) for parts in rows.values()), default=0.0) or 1.0
    out = []
    for k, (name, amounts) in enumerate(rows.items()):
        top = 34.0 * k
        total = sum(amounts.values())
        whole = (total if share else longest) or 1.0
        out.append(_text(0, top + 12, name))
        left = 0.0
        for part, ink in inks.items():
            width = room * amounts.get(part, 0.0) / whole
            if width > 0:
                out.append(
                    f'<rect x="{left:.1f}" y="{top + 16:.1f}" width="{width:.1f}" height="13"'
                    f' fill="{ink}"><title>{escape(name)}: {escape(part)}'
                    f" {_amount(amounts[part], whole, unit, share)}</title></rect>"
                )
            left += width
        first = amounts.get(next(iter(inks)), 0.0)
        words = f"{first / whole:.0%}" if share else f"{short(total)}{unit}"
        out.append(_text(left + 6, top + 27, words))
    return _chart(34.0 * max(len(rows), 1) + 2, title, out)


def _amount(value: float, whole: float, unit: str, share: bool) -> str:
    return f"{value / whole:.0%}" if share else f"{short(value)}{unit}"


def dots(
    title: str,
    rows: Mapping[str, Sequence[float]],
    look: Mapping[str, Look],
    axis: str,
    *,
    ends: tuple[float, float],
    mark: float | None = None,
    intervals: Mapping[str, tuple[float, float]] | None = None,
) -> str:
    """Values along a logarithmic axis, a row a name.

    Parameters
    ----------
    title : str
    rows : mapping of str to sequence of float
        Values below the low end stand at it.
    look : mapping of str to Look
    axis : str
        Words under the axis.
    ends : tuple of float
        Low and high end.
    mark : float, optional
        A value to draw a line at.
    intervals : mapping of str to tuple of float, optional
        Drawn behind the values.
    """
    x = Axis(*ends, 8, WIDTH - 12, True)
    bottom = 30.0 * len(rows) + 6
    out = [
        f'<path d="M{x.at(t):.1f} 0V{bottom:g}" stroke="#e3e7ea"/>'
        + _text(x.at(t), bottom + 15, short(t), "middle")
        for t in x.ticks()
    ]
    if mark is not None and x.low <= mark <= x.high:
        out.append(
            f'<path d="M{x.at(mark):.1f} 0V{bottom:g}" stroke="#9d1c1c" stroke-dasharray="4 3"/>'
        )
    for k, (name, values) in enumerate(rows.items()):
        y = 30.0 * k + 22
        out.append(_text(0, y - 9, name))
        out.append(f'<path d="M8 {y:.1f}H{WIDTH - 12:g}" stroke="#eef0f2"/>')
        if intervals and name in intervals:
            low, high = (x.at(v) for v in intervals[name])
            out.append(
                f'<path d="M{low:.1f} {y:.1f}H{high:.1f}" stroke="{look[name].ink}"'
                ' stroke-width="5" stroke-opacity=".3" stroke-linecap="round"/>'
            )
        out += [look[name].point(x.at(value), y) for value in values]
    out.append(_text(WIDTH / 2, bottom + 32, axis, "middle", soft=True))
    return _chart(bottom + 38, title, out)
