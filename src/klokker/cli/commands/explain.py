"""`klokker explain`: what a schedule's timetable, or one that is not saved anywhere, does, in words."""

from typing import Annotated

import typer

from klokker.cli.meant import Which, one_text, what_is_meant
from klokker.cli.output import AsJson, print_json, say
from klokker.core.words.explain import LANGUAGES, explain, explain_closed

app = typer.Typer(add_completion=False)


@app.command()
def explain_timetable(
    which: Which,
    lang: Annotated[str, typer.Option(help=f"The language: {', '.join(LANGUAGES)}.")] = "en",
    zone: Annotated[str, typer.Option(help="The zone of a timetable given as text.")] = "UTC",
    key: Annotated[str, typer.Option(help="What H is spread by, in a timetable given as text.")] = "",
    as_json: AsJson = False,
) -> None:
    """What a timetable does, in words: when it comes, what would surprise, and what clock changes do to it."""
    meant = what_is_meant(one_text(which, "explain"), zone=zone, key=key)
    sentences = explain(meant.timetable, lang=lang, zone=meant.zone, key=meant.key)
    if meant.definition is not None and meant.definition.closed is not None:
        sentences.append(explain_closed(meant.definition.closed, lang=lang))
    if as_json:
        print_json({"when": meant.when, "zone": meant.zone, "lang": lang, "sentences": sentences})
        return
    for sentence in sentences:
        say(sentence)
