"""`companion doctor`: describe this machine and name what is wrong.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import json
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, for a program.")
    ] = False,
) -> None:
    """Show versions, cores, threads, devices, memory; name problems."""
    from companion.machine import doctor as examine

    report = examine()
    if as_json:
        print(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        print(report)
