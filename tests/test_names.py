"""A name at the head of a module stands for one thing: two branches that choose the same one are found here."""

import ast
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.mark.parametrize("folder", ["marketplace", "migrations", "schema", "tests", "workers"])
def test_no_module_gives_a_name_twice(folder: str) -> None:
    sources = sorted((REPOSITORY / folder).rglob("*.py"))
    counts = {source: Counter(names_given(ast.parse(source.read_bytes()))) for source in sources}

    twice = [
        f"{source.relative_to(REPOSITORY)}: {name}"
        for source, names in counts.items()
        for name, count in names.items()
        if count > 1
    ]
    assert sources
    assert twice == []


def names_given(module: ast.Module) -> list[str]:
    """What the statements of a module, those inside of conditions left out, name."""
    names = []
    for statement in module.body:
        match statement:
            case ast.Assign(targets=targets):
                names += [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
    return names
