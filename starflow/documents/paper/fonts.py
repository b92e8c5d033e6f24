"""Which Chinese font a PDF is set in: the best of those that are installed here, and which prescribed one it stands in for.

None is shipped. GB/T 9704 asks for 仿宋_GB2312, 方正小标宋 and 黑体, which belong to others; a docx names them and the reader's
machine has them. A PDF carries its glyphs along, so it needs a font on this machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from workflow.engine.errors import BadInput, Unavailable

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    str(Path.home() / ".local/share/fonts"),
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
BODIES = (
    # (name, file, number within a collection)
    ("仿宋", "simfang.ttf", 0),
    ("仿宋", "STFANGSO.TTF", 0),
    ("思源宋体 Noto Serif CJK SC", "NotoSerifCJK-Regular.ttc", 2),
    ("思源宋体 Noto Serif SC", "NotoSerifSC-Regular.otf", 0),
    ("思源宋体 Source Han Serif SC", "SourceHanSerifSC-Regular.otf", 0),
    ("文鼎楷体 AR PL UKai", "ukai.ttc", 0),
    ("文鼎明体 AR PL UMing", "uming.ttc", 0),
    ("文泉驿微米黑", "wqy-microhei.ttc", 0),
    ("文泉驿正黑", "wqy-zenhei.ttc", 0),
    ("思源黑体 Noto Sans CJK SC", "NotoSansCJK-Regular.ttc", 2),
)
HEADS = (
    ("黑体", "simhei.ttf", 0),
    ("思源黑体 Noto Sans CJK SC Bold", "NotoSansCJK-Bold.ttc", 2),
    ("思源黑体 Noto Sans SC", "NotoSansSC-Bold.otf", 0),
    ("文泉驿微米黑", "wqy-microhei.ttc", 0),
    ("文泉驿正黑", "wqy-zenhei.ttc", 0),
)
TITLES = (
    ("思源宋体 Noto Serif CJK SC Bold", "NotoSerifCJK-Bold.ttc", 2),
    ("思源宋体 Noto Serif SC Bold", "NotoSerifSC-Bold.otf", 0),
    ("思源宋体 Source Han Serif SC Bold", "SourceHanSerifSC-Bold.otf", 0),
)
NONE = (
    "这台机器没有装中文字体,排不了PDF。请安装一种(Debian、Ubuntu:apt-get install fonts-noto-cjk;"
    "麒麟、统信:自带),或用 STARFLOW_PDF_FONT 指明一个字体文件,或改为导出docx"
)


@dataclass(frozen=True, slots=True)
class Face:
    name: str
    file: Path
    number: int = 0


@dataclass(frozen=True, slots=True)
class Faces:
    """Body, headings and title; the latter two fall back on the body."""

    body: Face
    head: Face
    title: Face

    @property
    def said(self) -> str:
        return f"正文字体:{self.body.name}(代替仿宋_GB2312)"


def faces(chosen: Path | None = None, folders: Iterable[str] = FOLDERS) -> Faces:
    """Raises Unavailable where no font is installed, BadInput where the chosen file is none."""
    if chosen is not None:
        if not chosen.is_file() or chosen.suffix.lower() not in (".ttf", ".otf", ".ttc", ".otc"):
            raise BadInput(f"STARFLOW_PDF_FONT:{chosen}不是字体文件(ttf、otf、ttc)")
        one = Face(chosen.stem, chosen, 0)
        return Faces(one, one, one)
    installed = {Path(file).name.lower(): Path(file) for folder in folders for file in _files(folder)}
    body = _first(BODIES, installed)
    if body is None:
        raise Unavailable(NONE)
    return Faces(body, _first(HEADS, installed) or body, _first(TITLES, installed) or body)


def _files(folder: str) -> list[str]:
    return [file for file in glob(f"{folder}/**/*", recursive=True) if file.lower().endswith(("ttf", "otf", "ttc"))]


def _first(wanted: tuple[tuple[str, str, int], ...], installed: dict[str, Path]) -> Face | None:
    return next(
        (Face(name, installed[f.lower()], number) for name, f, number in wanted if f.lower() in installed), None
    )
