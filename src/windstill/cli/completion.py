"""`windstill completion`: what makes a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options and their values.

    \b
    Examples:
      windstill completion bash > ~/.local/share/bash-completion/completions/windstill
      windstill completion zsh > "${fpath[1]}/_windstill"
      windstill completion fish > ~/.config/fish/completions/windstill.fish
    """
    kind = get_completion_class(shell)
    if kind is None:  # only if click has dropped a shell
        raise click.ClickException(f"{shell} can't be completed.")
    script = kind(ctx.find_root().command, {}, "windstill", "_WINDSTILL_COMPLETE")
    # The class's own source() first runs bash to look at its version.
    text = script.source_template % script.source_vars()
    # Help texts have commas of their own, at which fish would cut them off.
    click.echo(text.replace('string split ","', 'string split --max 1 ","'))
