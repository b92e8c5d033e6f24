"""What a page holds, read as a browser reads it: its elements, its forms with their fields, where its links lead."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

VOID = {"input", "br", "img", "meta", "link", "hr", "wbr"}
RUNNING = re.compile(r"^\s*(javascript|data|vbscript):", re.I)
NUMERIC = {"numeric", "decimal"}


@dataclass
class FormField:
    """`kind`: text (whatever one likes), hidden, date, number, tick, choice, file or secret."""

    name: str
    kind: str
    value: str
    id: str
    required: bool


VOTED = {"present", "in_favour", "against", "abstained"}
"""Left empty, as where nobody has voted: four equal numbers never add up, and nothing behind the form would be seen."""


@dataclass
class PageForm:
    """A form, what it is sent to, and its buttons as (name, value)."""

    action: str
    method: str
    fields: list[FormField] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def texts(self) -> list[FormField]:
        return [one for one in self.fields if one.kind == "text"]

    def filled(self, text: str) -> dict[str, str]:
        """As somebody fills it in who writes this text wherever one may write."""
        said = {}
        for one in self.fields:
            match one.kind:
                case "text":
                    said[one.name] = text
                case "date":
                    said[one.name] = one.value or "2027-05-20"
                case "number" if one.name.rpartition(".")[2] in VOTED:
                    said[one.name] = ""
                case "number":
                    said[one.name] = one.value or "5"
                case "file" | "secret":
                    continue
                case _:
                    said.setdefault(one.name, one.value)
        name, value = next((button for button in self.buttons if button[0]), ("", ""))
        return {**said, **({name: value} if name and name not in said else {})}


MARKS = {"aria-invalid", "aria-describedby"}


class Page(HTMLParser):
    """`skeleton`: every element with the names of its attributes, in order, but for the marks of a fault, which move with what is
    wrong; hostile text must not change it.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.skeleton: list[tuple[str, ...]] = []
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.running: list[str] = []
        self._select: FormField | None = None
        self._area: FormField | None = None
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.skeleton.append((tag, *sorted(said.keys() - MARKS)))
        self.ids |= {said["id"]} if "id" in said else set()
        self.running += [
            v for n, v in said.items() if n in ("href", "src", "action", "formaction") and RUNNING.match(v)
        ]
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        if tag == "form":
            self.forms.append(PageForm(said.get("action", ""), said.get("method", "get").lower()))
        elif tag in ("input", "textarea", "select", "button", "option") and self.forms:
            self._control(tag, said)

    def _control(self, tag: str, said: Mapping[str, str]) -> None:
        form = self.forms[-1]
        if tag == "button":
            first = "formnovalidate" not in said  # what only looks or keeps stands behind what hands in
            form.buttons.insert(0 if first else len(form.buttons), (said.get("name", ""), said.get("value", "")))
        elif tag == "option" and self._select is not None:
            self._select.value = self._select.value or said.get("value", "")
        elif "name" in said and "disabled" not in said:
            one = FormField(
                said["name"], _kind(tag, said), said.get("value", ""), said.get("id", ""), "required" in said
            )
            form.fields.append(one)
            self._select = one if tag == "select" else self._select
            self._area = one if tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._area is not None:
            self._area.value += data

    @property
    def said(self) -> str:
        """Everything that can be read on it, in fields too."""
        fields = (one.value for form in self.forms for one in form.fields)
        return "\n".join([*self.words, *fields])

    def posts(self, path: str) -> Iterator[PageForm]:
        """Its forms that are sent somewhere; one without an address is sent to where it was found."""
        for form in self.forms:
            if form.method == "post":
                form.action = form.action or urlsplit(path).path
                yield form


def _kind(tag: str, said: Mapping[str, str]) -> str:
    type_ = said.get("type", "text")
    if tag == "select":
        return "choice"
    if type_ in ("hidden", "file", "checkbox", "radio", "password"):
        return {"checkbox": "tick", "radio": "choice", "password": "secret"}.get(type_, type_)
    if said.get("autocomplete") == "one-time-code":  # like a password it is not shown again
        return "secret"
    if type_ in ("date", "datetime-local", "time"):
        return "date"
    return "number" if said.get("inputmode") in NUMERIC or type_ in ("number", "range") else "text"
