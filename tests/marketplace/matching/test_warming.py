"""What is compiled is kept, under a name that changes with any of its files."""

from pathlib import Path

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


def test_compiled_code_is_not_taken_from_a_folder_that_others_may_write(tmp_path: Path) -> None:
    mine, anybodys = tmp_path / "mine" / "compiled", tmp_path / "anybodys" / "compiled"
    anybodys.mkdir(parents=True)
    anybodys.parent.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "mine")

    assert compiled._is_ours_to_write(mine)
    assert not compiled._is_ours_to_write(anybodys)
    assert not compiled._is_ours_to_write(link / "compiled")
