"""How much the tests would notice: random one-operator mutants of a package, one at a time, against a selection of the tests.

    python -m tests.mutants bot/services --tests tests/services tests/handlers --count 40 --seed 1

Nothing in the working tree is touched: each worker has a copy of it. A mutant is caught when a test fails, when the tests cannot even be
imported, or when they take three times as long as without it.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEFT_OUT = (".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")

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


# --- trying them -------------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def copied() -> Iterator[Path]:
    """The tree, as it is on disk, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        yield Path(shutil.copytree(ROOT, Path(folder) / "desk", ignore=shutil.ignore_patterns(*LEFT_OUT)))


def verdict(folder: Path, tests: Sequence[str], seconds: float) -> str:
    """How the tests end there: "survived", or what caught it."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", "-m", "not postgresql", *tests]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "too slow"
    if process.returncode == 0:
        return "survived"
    failed = [line.removeprefix("FAILED ").partition(" - ")[0] for line in told.splitlines() if line.startswith("FAILED ")]
    return failed[0] if failed else "does not even start"


def tried(folder: Path, mutant: Mutant, tests: Sequence[str], seconds: float) -> str:
    """Put the mutant there, run the tests, and put the file back."""
    file = folder / mutant.path
    source = file.read_text()
    _put(file, mutant.applied(source))
    try:
        return verdict(folder, tests, seconds)
    finally:
        _put(file, source)


def _put(file: Path, text: str) -> None:
    """Write it, and forget what was compiled: two versions of one second and one size look the same to the interpreter."""
    file.write_text(text)
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Try them and say which survived. 1 when fewer than `--least` percent were caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path, help="files and folders to change")
    parser.add_argument("--tests", nargs="+", default=["tests/services", "tests/handlers"], help="what has to notice")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=85.0, help="percent")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    mutants = chosen(every([ROOT / path for path in given.paths]), given.count, given.seed)
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(copied()) for _ in range(given.workers)]
        began = time.monotonic()
        if (told := verdict(folders[0], given.tests, 600)) != "survived":
            sys.exit(f"The tests fail without any mutant: {told}")
        allowed = 3 * given.workers * (time.monotonic() - began) + 10
        survivors = _all(folders, mutants, given.tests, allowed)
    caught = len(mutants) - len(survivors)
    print(f"{caught} of {len(mutants)} caught ({100 * caught / len(mutants):.0f} %), seed {given.seed}")
    return 0 if 100 * caught >= given.least * len(mutants) else 1


def _all(folders: Sequence[Path], mutants: Sequence[Mutant], tests: Sequence[str], seconds: float) -> list[Mutant]:
    """Each worker has a folder of its own."""
    free, survivors = list(folders), []

    def work(mutant: Mutant) -> tuple[Mutant, str]:
        folder = free.pop()
        try:
            return mutant, tried(folder, mutant, tests, seconds)
        finally:
            free.append(folder)

    with futures.ThreadPoolExecutor(len(folders)) as pool:
        for number, (mutant, told) in enumerate(pool.map(work, mutants), start=1):
            where = f"{mutant.path}:{getattr(mutant.node, 'lineno', 0)}"
            print(f"{number:3} {where} {mutant.what}: {told}", flush=True)
            if told == "survived":
                survivors.append(mutant)
                print(mutant.diff((ROOT / mutant.path).read_text()), flush=True)
    return survivors


if __name__ == "__main__":
    sys.exit(main())
