"""``tinybpf version``."""

from __future__ import annotations

import click


@click.command()
def version() -> None:
    """Print the version."""
    from tinybpf._version import __version__

    click.echo(f"tinybpf {__version__}")
