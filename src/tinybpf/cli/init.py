"""``tinybpf init``: a new project."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

WRITTEN = {
    "go.mod": "the Go module",
    "bpf/{name}.go": "the program: which files are opened",
    "bpf/{name}_test.go": "its test",
    "main.py": "loads it and prints what it reports",
    "README.md": "how to run, test and change it",
    ".gitignore": "",
    "vendor/": "package tinybpf/ebpf, for Go's own tools",
}


@click.command()
@click.argument("name", required=False)
@click.option("--update", is_flag=True, help="Refresh the vendored package, and nothing else.")
@click.option("--force", is_flag=True, help="Write over files that are there already.")
def init(name: str | None, update: bool, force: bool) -> None:
    """Write a new project into directory NAME, or into this one where NAME is a dot.

    It has a program in Go with its test, the vendored package tinybpf/ebpf with which go build, go
    vet, gopls and go test work offline, and a script in Python that runs it.

    \b
    tinybpf init hello
    tinybpf init .
    tinybpf init --update
    """
    if update:
        if force:
            raise click.UsageError("--update replaces the vendored package alone: it needs no --force")
        _update(name)
        return
    if name is None:
        raise click.UsageError(
            "give the project a name: tinybpf init hello, or tinybpf init . for this directory"
        )
    _create(name, force)


def _create(given: str, force: bool) -> None:
    from tinybpf.scaffold import names, project

    here = given in (".", "./")
    try:
        name = Path.cwd().name if here else given.removesuffix("/")
        names.check(name)
    except FileNotFoundError:
        raise click.ClickException("this directory does not exist any more") from None
    except ValueError as problem:
        message = f"this directory: {problem}" if here else str(problem)
        raise click.BadParameter(message, param_hint="NAME") from None
    where = Path(".") if here else Path(name)
    if not here and not force:
        _check_new(where)
    try:
        written = project.create(where, name, force=force)
    except OSError as error:
        _cannot_write(where, error)
    _report(name, here, written)
    _warn_of_workspace(where)


def _check_new(where: Path) -> None:
    """A directory with something in it is somebody's."""
    if where.is_symlink() and not where.exists():
        raise click.ClickException(f"{where} is a link that leads nowhere")
    if not where.exists():
        return
    if not where.is_dir():
        raise click.ClickException(f"{where} is a file; choose another name")
    if any(where.iterdir()):
        raise click.ClickException(
            f"{where} is there already and not empty\n"
            f"  hint: cd {where} && tinybpf init . writes the project into it"
        )


def _update(given: str | None) -> None:
    from tinybpf.scaffold import project, vendor

    where = Path(given or ".")
    if given == "":
        raise click.BadParameter("the name is empty; leave it away for this directory", param_hint="NAME")
    if not where.is_dir():
        raise click.ClickException(f"no directory {where}")
    try:
        done = project.update(where)
    except OSError as error:
        _cannot_write(where, error)
    path = where / vendor.FOLDER / "ebpf"
    if not done.changed:
        click.echo(f"{path} is that of tinybpf {vendor.version()[1:]} already")
    else:
        files = "file" if done.changed == 1 else "files"
        click.echo(f"{path}: tinybpf {vendor.version()[1:]}, {done.changed} {files} changed")
    if done.required:
        click.echo(f"{where / 'go.mod'}: requires tinybpf {vendor.version()}")


def _cannot_write(where: Path, error: OSError) -> NoReturn:
    from tinybpf.errors import BpfError

    if isinstance(error, BpfError):
        raise error
    path = error.filename or where
    raise click.ClickException(f"cannot write {path}: {error.strerror or error}") from None


def _warn_of_workspace(where: Path) -> None:
    from tinybpf.cli import messages
    from tinybpf.scaffold import project

    found = project.workspace(where)
    if found:
        messages.say(
            f"note: {found} makes this a workspace, in which Go finds nothing in vendor/: set GOWORK=off"
        )


def _report(name: str, here: bool, written: list[str]) -> None:
    rows = {path.format(name=name): what for path, what in WRITTEN.items()}
    width = max(map(len, rows))
    click.echo("Written:" if here else f"Written to {name}/:")
    for path in [*written, "vendor/"]:
        click.echo(f"  {path:{width}}  {rows[path]}".rstrip())
    click.echo("Try it:")
    if not here:
        click.echo(f"  cd {name}")
    click.echo("  go test ./...          # its test; no root, no network")
    click.echo("  tinybpf run ./bpf      # as root: what it reports, until Ctrl-C")
    click.echo("  python main.py         # as root: the same from Python")
