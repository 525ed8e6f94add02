"""Pictures small enough for a repository: few colours, and an animation that holds only what changes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

COLOURS = 128


def _reduced(shot: bytes, width: int) -> Image.Image:
    """At most this wide, in few colours."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    if picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    return picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def picture(shot: bytes, at: Path, width: int = 1100) -> None:
    _reduced(shot, width).save(at, optimize=True)


def animation(shots: Sequence[tuple[bytes, int]], at: Path, width: int = 900) -> None:
    """A GIF that goes round; each picture with how long it stands, in milliseconds. All of the same size."""
    frames = [_reduced(shot, width).convert("RGB") for shot, _ in shots]
    palette = frames[0].quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
    drawn = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    drawn[0].save(at, save_all=True, append_images=drawn[1:], duration=[time for _, time in shots], loop=0, optimize=True)
