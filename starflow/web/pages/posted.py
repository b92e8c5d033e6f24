"""What a form of a page brings: texts, trimmed, each at most so long, and the files that came with them."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import Depends
from starlette.datastructures import UploadFile

from starflow.web import forms
from workflow.engine.errors import BadInput

LONGEST, FILES = 20_000, {"packed": 1 << 20, "toml": 100_000}
"""Of a text that somebody types, and of a file that travels through a page to be looked at first."""


class Form(Mapping[str, str]):
    """The texts of a form by name; where a name came several times, the first, and all of them by `every`."""

    def __init__(self, pairs: list[tuple[str, str]], uploads: Mapping[str, tuple[str, bytes]] | None = None) -> None:
        self.pairs = tuple(pairs)
        self.uploads = dict(uploads or {})
        self._first: dict[str, str] = {}
        for name, text in pairs:
            self._first.setdefault(name, text)

    def __getitem__(self, name: str) -> str:
        return self._first[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def every(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text for its, text in self.pairs if its == name and text))


EMPTY = Form([])


async def posted(data: forms.Posted) -> Form:
    """Raises BadInput for texts that no page of ours could have sent."""
    pairs, uploads = [], {}
    for name, value in data.multi_items():
        if isinstance(value, UploadFile):
            uploads[name] = (value.filename or "", await value.read())
            await value.close()
        elif name != forms.FIELD:
            pairs.append((name, _clean(name, value)))
    return Form(pairs, uploads)


Posted = Annotated[Form, Depends(posted)]


def own_page(form: Form, otherwise: str = "/") -> str:
    """Where to go on: a page of ours, and no other."""
    back = form.get("back", otherwise)
    return back if forms.is_ours(back) else otherwise


def _clean(name: str, text: str) -> str:
    if len(text) > (most := FILES.get(name, LONGEST)):
        raise BadInput(f"{name[:40]}最多{most}个字")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadInput("文字里有不能保存的字符")
    return text.replace("\r\n", "\n").strip()
