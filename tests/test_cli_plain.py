"""What plain words mean is what typer makes of them; what is not plain is left to it."""

import enum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from dedupe.cli import plain
from tests.test_startup import command, imported_by


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def answers(words: list[str]) -> list[Any]:
    """Return exit code and output of a command given some words, and what it was called with."""
    called: list[Any] = []
    app = typer.Typer()

    @app.command()
    def look(
        names: list[str],
        *,
        out: Annotated[Path, typer.Option()],
        there: Annotated[Path | None, typer.Option(exists=True)] = None,
        top: Annotated[int, typer.Option(min=0, max=99)] = 10,
        share: float = 0.5,
        colour: Colour = Colour.RED,
        word: str | None = None,
        more: Annotated[list[str] | None, typer.Option()] = None,
        loud: bool = False,
    ) -> None:
        called.append([names, out, there, top, share, colour, word, more, loud])

    done = CliRunner().invoke(app, words)
    return [done.exit_code, done.output, called]


@pytest.mark.parametrize(
    "words",
    [
        "a b --out new",
        "a --out new --top 7 --colour blue --word x --more 1 --more 2 --loud",
        "a --out new --top 007",
        "a --out . --there . --share .25",
        "a --out new --top -1",
        "a --out new --top 100",
        "a --out new --top seven",
        "a --out new --top \u0667",
        "a --out new --top 9999999999",
        "a --out new --top +7",
        "a --out new --colour green",
        "a --out new --colour RED",
        "a --out new --there nowhere",
        "a --out new --share half",
        "a",
        "--out new",
        "--help",
    ],
)
def test_plain__a_command_is_called_as_typer_would(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameter: Any = typer.core._TyperParameter
    monkeypatch.setattr(parameter, "get_runtime_param", parameter.get_runtime_param)
    expected = answers(words.split())
    plain.spare_pydantic()
    assert answers(words.split()) == expected


def test_plain__a_command_of_plain_words_needs_no_pydantic(tmp_path: Path) -> None:
    assert "pydantic" not in imported_by(command("config", "show"))
    there, out = tmp_path / "a.jsonl", tmp_path / "out"
    there.write_text('{"text": "The bridge was closed."}\n')
    words = ("cluster", str(there), "--out", str(out), "--threads", "1", "--top", "3", "--json")
    assert "pydantic" not in imported_by(command(*words))
