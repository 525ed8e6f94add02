"""How much the tests would notice: random one-operator mutants of a package, one at a time, against a selection of the tests.

    python -m tests.mutants bot/services --tests tests/services tests/handlers --count 40 --seed 1 2 3

Nothing on disk is touched. The tests are collected once and run once, with a probe before every statement of the package: only a test
that comes by the changed statement can notice the change. Then each mutant has a process of its own, forked from here, where the changed
function has other code; the tests that come by are run until one fails. A mutant is caught by a failure, or by tests
that take far longer than without it. `--keep FILE` keeps what came by where, for the next time that the package is the same.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import difflib
import gc
import hashlib
import json
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
SILENT = ("log", "logger", "telemetry")
"""Calls on these say something to an operator; what they say is not what is tested here."""


@dataclass(frozen=True)
class Mutant:
    """One change to one file: the text of a node is replaced. `what` is the operator."""

    path: Path
    what: str
    node: ast.AST
    text: str

    def applied(self, source: str) -> str:
        """The file with the change."""
        lines = source.encode().splitlines(keepends=True)
        node: object = self.node
        first, last = getattr(node, "lineno") - 1, getattr(node, "end_lineno") - 1  # noqa: B009
        before = b"".join(lines[:first]) + lines[first][: getattr(node, "col_offset")]  # noqa: B009
        after = lines[last][getattr(node, "end_col_offset") :] + b"".join(lines[last + 1 :])  # noqa: B009
        return (before + self.text.encode() + after).decode()

    def diff(self, source: str) -> str:
        """What a person has to look at."""
        name = str(self.path)
        made = difflib.unified_diff(source.splitlines(), self.applied(source).splitlines(), name, name, lineterm="", n=1)
        return "\n".join(made)


# --- making them -------------------------------------------------------------------------------------------------------------------


class Finder(ast.NodeVisitor):
    """Every mutant of a file, inside functions; without docstrings, annotations, decorators, defaults, log lines and assertions."""

    def __init__(self, path: Path) -> None:
        self.path, self.found, self._inside = path, list[Mutant](), 0

    def add(self, what: str, old: ast.AST, new: ast.AST | str) -> None:
        """A mutant with `new` in place of `old`."""
        text = new if isinstance(new, str) else f"({ast.unparse(new)})"
        if self._inside:
            self.found.append(Mutant(self.path, what, old, text))

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._inside += 1
        body = node.body[1:] if ast.get_docstring(node) else node.body
        for statement in body:
            self.visit(statement)
        self._inside -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Assert(self, node: ast.Assert) -> None:
        """A promise to the type checker."""

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if not isinstance(call, ast.Call) or _silent(call):
            return
        self.add("drop call", node.value, "None")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """The words of a refusal are not counted; whether it is raised is."""
        self.add("drop raise", node, "pass")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            if not isinstance(node.value, ast.Constant):
                self.add("return", node.value, "None")
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for number, operator in enumerate(node.ops):
            if type(operator) in COMPARED:
                ops = [*node.ops[:number], COMPARED[type(operator)](), *node.ops[number + 1 :]]
                self.add("comparison", node, ast.Compare(node.left, ops, node.comparators))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.add("and/or", node, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in CALCULATED and not isinstance(node.left, ast.Constant):
            self.add("arithmetic", node, ast.BinOp(node.left, CALCULATED[type(node.op)](), node.right))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self.add("not", node, node.operand)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self.add("constant", node, str(not node.value))
        elif isinstance(node.value, int):
            self.add("constant", node, str(node.value + 1))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Wording."""

    def visit_Call(self, node: ast.Call) -> None:
        if not _silent(node):
            self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        test = getattr(node, "test", None)
        if isinstance(node, ast.If | ast.While | ast.IfExp) and isinstance(test, ast.AST) and not _negated_already(test):
            self.add("negate condition", test, ast.UnaryOp(ast.Not(), test))  # type: ignore[arg-type]
        super().generic_visit(node)


def _silent(call: ast.Call) -> bool:
    target = call.func
    while isinstance(target, ast.Attribute):
        if target.attr in SILENT:
            return True
        target = target.value
    return isinstance(target, ast.Name) and target.id in SILENT


def _negated_already(test: ast.AST) -> bool:
    """Its own operator is turned round by another mutant that comes to the same."""
    return isinstance(test, ast.Compare) or (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not))


def every(paths: Sequence[Path]) -> list[Mutant]:
    """All mutants of these files and folders, in order."""
    files = sorted(file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py")))
    found: list[Mutant] = []
    for file in files:
        finder = Finder(file.relative_to(ROOT))
        finder.visit(ast.parse(file.read_text()))
        found += finder.found
    return found


def chosen(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of them at random, no two on the same line: the lines are drawn, then one mutant of each."""
    dice = random.Random(seed)
    lines: dict[tuple[Path, int], list[Mutant]] = {}
    for mutant in mutants:
        lines.setdefault((mutant.path, getattr(mutant.node, "lineno", 0)), []).append(mutant)
    drawn = dice.sample(sorted(lines), min(count, len(lines)))
    return [dice.choice(lines[line]) for line in drawn]


# --- putting them into a running program ---------------------------------------------------------------------------------------------


def swapped(path: Path, tree: str | ast.Module) -> int:
    """Give every function of that file, wherever it is used already, its code in `tree`; returns how many changed. What begins below a
    change of length is left as it is."""
    file = str(ROOT / path)
    there = {(code.co_qualname, code.co_firstlineno): code for code in _codes(compile(tree, file, "exec"))}
    changed = 0
    for function in [one for one in gc.get_objects() if isinstance(one, types.FunctionType) and one.__code__.co_filename == file]:
        code = there.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
        if code is not None and code != function.__code__ and code.co_freevars == function.__code__.co_freevars:
            function.__code__ = code
            changed += 1
    return changed


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _codes(inner)


class Probes(ast.NodeTransformer):
    """A probe before every statement: it says which one is about to run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if not isinstance(node, ast.Module | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list):
                    setattr(node, name, [one for statement in block for one in (self._probe(statement), statement)])
        return node

    def _probe(self, statement: ast.stmt) -> ast.stmt:
        call = ast.parse(f"__came_by__({_key(self.path, statement)!r})").body[0]
        for part in ast.walk(call):
            ast.copy_location(part, statement)
        return call


def _key(path: Path, statement: ast.AST) -> str:
    return f"{path}:{getattr(statement, 'lineno')}"  # noqa: B009


def statement(mutant: Mutant) -> str:
    """The innermost statement that holds the change, as the probes name it."""
    tree = ast.parse((ROOT / mutant.path).read_text())
    begin, end = _span(mutant.node)
    around = [one for one in ast.walk(tree) if isinstance(one, ast.stmt) and _span(one)[0] <= begin and end <= _span(one)[1]]
    return _key(mutant.path, max(around, key=lambda one: (_span(one)[0], [-number for number in _span(one)[1]])))


def _span(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


# --- trying them -------------------------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What one test came by, and how long it took."""

    seconds: float
    statements: list[str]


@dataclass(eq=False)
class Failures:
    """The pytest plugin of a forked process: which tests failed so far."""

    found: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.found.append(report.nodeid)


class Trial:
    """The pytest plugin that tries mutants in place of running the tests."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.seen, self.enough = given, dict[str, Seen](), True
        self.files = sorted({mutant.path for mutant in every(given.paths)})

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {item.nodeid: item for item in session.items}
        self.seen = self._map()
        for seed in self.given.seed:
            mutants = chosen(every(self.given.paths), self.given.count, seed)
            survivors = [mutant for number, mutant in enumerate(mutants, start=1) if not self._caught(number, mutant)]
            caught = len(mutants) - len(survivors)
            for mutant in survivors:
                print(mutant.diff((ROOT / mutant.path).read_text()), flush=True)
            print(f"{caught} of {len(mutants)} caught ({100 * caught / len(mutants):.0f} %), seed {seed}", flush=True)
            self.enough &= 100 * caught >= self.given.least * len(mutants)
        return True

    def _caught(self, number: int, mutant: Mutant) -> bool:
        where, began = statement(mutant), time.monotonic()
        near = f"test_{mutant.path.stem}"  # the tests of that very file come first, then the cheap ones
        tests = sorted(
            (test for test, seen in self.seen.items() if where in seen.statements),
            key=lambda test: (near not in test, self.seen[test].seconds),
        )
        tests = tests[: self.given.most or None]
        failed = self._failed(mutant, tests) if tests else ""
        told = failed or (f"survived {len(tests)} tests" if tests else "no test comes by")
        print(f"{number:3} {where} {mutant.what}: {told} ({time.monotonic() - began:.1f} s)", flush=True)
        return bool(failed)

    def _failed(self, mutant: Mutant, tests: Sequence[str]) -> str:
        """The first of these tests that fails."""
        try:
            return str(forked(lambda: self._tried(mutant, tests)))
        except TimeoutError:
            return "too slow"

    def _tried(self, mutant: Mutant, tests: Sequence[str]) -> str:
        """In a process of its own."""
        if not swapped(mutant.path, mutant.applied((ROOT / mutant.path).read_text())):
            raise RuntimeError(f"nothing is different with {mutant}")
        return next((failed for _, failed in self._run(tests) if failed), "")

    def _run(self, tests: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Each test with what failed of it."""
        failures = Failures()
        items = [self.items[test] for test in tests]
        items[0].config.pluginmanager.register(failures)
        for number, item in enumerate(items):
            failures.found.clear()
            if item.nodeid in self.seen:
                signal.alarm(20 + 5 * int(self.seen[item.nodeid].seconds))  # nobody catches it: the process ends
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[number + 1] if number + 1 < len(items) else None)
            yield item.nodeid, "".join(failures.found[:1])

    # --- which test comes by where -------------------------------------------------------------------------------------------------

    def _map(self) -> dict[str, Seen]:
        """From the file that was kept, as far as it is of this package and of these tests; the rest is run, file by file."""
        kept = _kept(self.given.keep)
        files: dict[str, list[str]] = {}
        for test in self.items:
            files.setdefault(test.partition("::")[0], []).append(test)
        seen: dict[str, Seen] = {}
        marks = {file: _digest([*self.files, Path(file)]) for file in files}  # now: a file may be written while others are run
        for file, tests in files.items():
            mark = marks[file]
            if mark not in kept:
                print(f"looking where {len(tests)} tests of {file} come by", flush=True)
                kept[mark] = forked(lambda tests=tests: self._watched(tests))  # type: ignore[misc]
                _keep(self.given.keep, kept)
            seen |= {test: Seen(*kept[mark][test]) for test in tests if test in kept[mark]}
        if failing := self.items.keys() - seen.keys():
            print("These fail without any mutant and are left out:", *sorted(failing), sep="\n  ", flush=True)
        return seen

    def _watched(self, tests: Sequence[str]) -> dict[str, tuple[float, list[str]]]:
        """In a process of its own."""
        here: set[str] = set()
        vars(builtins)["__came_by__"] = here.add
        for path in self.files:
            swapped(path, Probes(path).visit(ast.parse((ROOT / path).read_text())))
        found: dict[str, tuple[float, list[str]]] = {}
        began = time.monotonic()
        for test, failed in self._run(tests):
            if not failed:
                found[test] = (time.monotonic() - began, sorted(here))
            here.clear()
            began = time.monotonic()
        return found


def _kept(file: Path | None) -> dict[str, dict[str, Any]]:
    return json.loads(file.read_text()) if file and file.exists() else {}


def _keep(file: Path | None, kept: Mapping[str, Any]) -> None:
    if file:
        file.write_text(json.dumps(kept))


def _digest(files: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join((ROOT / file).read_bytes() for file in files)).hexdigest()


def forked(work: Callable[[], Any]) -> Any:
    """What `work` returns in a process that is like this one. Raises TimeoutError when that ends without a word, RuntimeError with what
    it raised."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def child() -> None:
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(silence, stream)
        try:
            theirs.send((work(), ""))
        except Exception:  # noqa: BLE001
            theirs.send((None, traceback.format_exc()))

    process = context.Process(target=child)
    process.start()
    theirs.close()
    try:
        found, broken = ours.recv()
    except EOFError as error:
        raise TimeoutError from error
    finally:
        process.kill()
        process.join()
    if broken:
        raise RuntimeError(broken)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Try them and say which survived. 1 when fewer than `--least` percent of a seed were caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=lambda path: ROOT / path, help="files and folders to change")
    parser.add_argument("--tests", nargs="+", default=["tests/services", "tests/handlers"], help="what has to notice")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--least", type=float, default=85.0, help="percent")
    parser.add_argument("--most", type=int, default=0, help="so many tests are tried on a mutant, 0: all that come by")
    parser.add_argument("--keep", type=Path, help="where to keep what came by where")
    given = parser.parse_args(arguments)
    trial = Trial(given)
    pytest.main(["-q", "-s", "-n0", "-p", "no:cacheprovider", "-m", "not postgresql", *given.tests], plugins=[trial])
    return 0 if trial.seen and trial.enough else 1


if __name__ == "__main__":
    sys.exit(main())
