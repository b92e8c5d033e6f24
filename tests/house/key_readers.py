"""Who reads which key of a scheme: the program's own attribute reads, resolved by what annotations say of their objects.

A small type inference, as far as the house style allows: every parameter, field and function is annotated (mypy --strict), so an
object is known by its annotation, by the function that returned it, or by the tuple over which it was looped.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from workflow.rating.scheme_model import entries, kinds
from workflow.rating.scheme_tables import Scheme

ROOT = Path(__file__).parents[2]
ROOMS = ("workflow", "storage", "schedules", "starflow")
Read = tuple[str, str, str]
"""The model's name, its key, and the file that reads it."""


class Readers:
    """Every read of every key; `reads` is filled by looking at each file once."""

    def __init__(self) -> None:
        self.models = {one.__name__: one for one in _models()}
        self.aliases = {"AnyStage": frozenset(one.__name__ for one in kinds()) | {"Stage"}}
        texts = {path: path.read_text(encoding="utf-8") for path in _files()}
        self.trees = {path: ast.parse(text) for path, text in texts.items() if "cheme" in text or "level" in text}
        self.returned: dict[str, frozenset[str]] = {}
        self.held: dict[str, frozenset[str]] = {}
        for tree in self.trees.values():
            self._declarations(tree)
        self.reads: set[Read] = set()
        for path, tree in self.trees.items():
            self._look(tree, {}, str(path.relative_to(ROOT)))

    def _declarations(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                self.aliases |= {
                    n.asname: frozenset({n.name}) for n in node.names if n.asname and n.name in self.models
                }
            if isinstance(node, ast.FunctionDef) and (found := self.named(node.returns)):
                self.returned[node.name] = self.returned.get(node.name, frozenset()) | found
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                if found := self.named(node.annotation):
                    self.held[node.target.id] = self.held.get(node.target.id, frozenset()) | found
                if node.target.id == "Needs":
                    self.aliases["Needs"] = frozenset({"Need"})

    def named(self, annotation: ast.AST | None) -> frozenset[str]:
        """Every model that an annotation names, at whatever depth."""
        if annotation is None:
            return frozenset()
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval")
            except SyntaxError:
                return frozenset()
        found: frozenset[str] = frozenset()
        for node in ast.walk(annotation):
            word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            found |= self.aliases.get(word, frozenset({word} & set(self.models)))
        return found

    # ── one scope after another

    def _look(self, scope: ast.AST, known: Mapping[str, frozenset[str]], file: str) -> None:
        here = dict(known)
        for argument in _arguments(scope):
            if argument.arg != "self":
                here[argument.arg] = self.named(argument.annotation)
        nodes = tuple(_own(scope))
        for _ in range(2):  # what is bound late may be used early, in a comprehension
            for node in nodes:
                self._bind(node, here)
        for node in nodes:
            if isinstance(node, ast.Attribute):
                self._read(node, here, file)
            if isinstance(node, ast.Call) and _called(node) == "getattr" and len(node.args) > 1:
                self._got(node, here, file)
        for inner in _inner(scope):
            within = (
                here | {"self": frozenset({inner.name} & set(self.models))} if isinstance(inner, ast.ClassDef) else here
            )
            self._look(inner, within, file)

    def _bind(self, node: ast.AST, here: dict[str, frozenset[str]]) -> None:
        match node:
            case ast.Assign(targets=[target], value=value):
                self._assign(target, value, here)
            case ast.NamedExpr(target=target, value=value) | ast.For(target=target, iter=value):
                self._assign(target, value, here)
            case ast.comprehension(target=target, iter=value):
                self._assign(target, value, here)

    def _assign(self, target: ast.expr, value: ast.expr, here: dict[str, frozenset[str]]) -> None:
        for name in ast.walk(target):
            if isinstance(name, ast.Name) and (found := self.of(value, here)):
                here[name.id] = here.get(name.id, frozenset()) | found

    def of(self, node: ast.expr, here: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """The models that an expression may be, or be made of."""
        match node:
            case ast.Name(id=name):
                return here.get(name, frozenset())
            case ast.Attribute(value=value, attr=key):
                return self._field(self.of(value, here), key)
            case ast.Call(func=function, args=args):
                inner = [self.of(arg, here) for arg in args] if _called(node) in LOOPS else []
                return frozenset().union(self.returned.get(_called(node), frozenset()), *inner) | (
                    self.of(function.value, here)
                    if _called(node) in ("values", "items", "get", "model_copy")
                    else frozenset()  # type: ignore[attr-defined]
                )
            case _:
                parts = (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
                return frozenset().union(*(self.of(part, here) for part in parts))

    def _field(self, owners: frozenset[str], key: str) -> frozenset[str]:
        fields = [
            self.models[one].model_fields[key].annotation for one in owners if key in self.models[one].model_fields
        ]
        if fields:
            return frozenset().union(*(_inside(one) for one in fields)) & set(self.models)
        return self.returned.get(key, frozenset()) | self.held.get(key, frozenset())

    def _read(self, node: ast.Attribute, here: Mapping[str, frozenset[str]], file: str) -> None:
        for one in self.of(node.value, here):
            if node.attr in self.models[one].model_fields:
                self.reads.add((one, node.attr, file))

    def _got(self, node: ast.Call, here: Mapping[str, frozenset[str]], file: str) -> None:
        """`getattr(stage, key)`: every text of the file may be the key."""
        words = {
            n.value
            for n in ast.walk(self.trees[ROOT / file])
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        }
        for one in self.of(node.args[0], here):
            for key in words & set(self.models[one].model_fields):
                self.reads.add((one, key, file))


LOOPS = (
    "tuple",
    "list",
    "sorted",
    "reversed",
    "enumerate",
    "zip",
    "next",
    "iter",
    "map",
    "filter",
    "dict",
    "chain",
    "max",
    "min",
    "replace",
)


def _models() -> Iterator[type]:
    yield Scheme
    yield from (entry.below for entry in entries().values() if entry.below is not None)
    for entry in entries().values():
        yield entry.model
    for kind in kinds():
        yield from (one for one in kind.__mro__ if hasattr(one, "model_fields"))


def _inside(annotation: object) -> frozenset[str]:
    from typing import get_args

    name = getattr(annotation, "__name__", "")
    return frozenset({name} if isinstance(name, str) else ()).union(*map(_inside, get_args(annotation)))


def _files() -> Iterator[Path]:
    for room in ROOMS:
        yield from (ROOT / room).rglob("*.py")


def _arguments(scope: ast.AST) -> Iterator[ast.arg]:
    if isinstance(scope, ast.FunctionDef | ast.Lambda):
        yield from (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """What stands in a scope, without the functions and classes in it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node
            yield from _own(node)


def _inner(scope: ast.AST) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node
        else:
            yield from _inner(node)


def _called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
