"""What is compiled is kept, under a name that changes with any of its files."""

from marketplace.matching import compiled
from marketplace.matching.compiled import COMPILED_FILES, FOLDER
from marketplace.matching.warming import is_cold, warm_up


def test_after_warming_up_nothing_is_left_to_compile() -> None:
    warm_up()

    assert not is_cold()
    assert FOLDER.is_dir()


def test_every_file_with_compiled_loops_is_part_of_the_digest() -> None:
    folder = compiled.HERE
    using = {path.stem for path in folder.glob("*.py") if "@compiled\n" in path.read_text()}

    assert using == set(COMPILED_FILES)
