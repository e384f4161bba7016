"""The command line: `understudy COMMAND`; each command is a module of webapp/commands."""

import typer

from webapp.commands.backup import backup, restore
from webapp.commands.challenge import challenge
from webapp.commands.clean import clean
from webapp.commands.doctor import doctor
from webapp.commands.evaluate import evaluate
from webapp.commands.export import export
from webapp.commands.import_bundle import import_bundle
from webapp.commands.perform import perform
from webapp.commands.recover import recover
from webapp.commands.rollout import rollout
from webapp.commands.run import run
from webapp.commands.serve import serve
from webapp.commands.train import train
from webapp.commands.train_hmr import train_hmr
from webapp.commands.worker import worker

app = typer.Typer(
    name="understudy",
    help="Paste a video. A simulated humanoid learns the part.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, run, evaluate, doctor):
    app.command()(command)
app.command()(perform)
app.command()(rollout)
app.command()(challenge)
app.command()(export)
app.command("import")(import_bundle)
app.command()(train)
app.command("train-hmr")(train_hmr)
app.command()(worker)
app.command()(recover)
app.command()(backup)
app.command()(restore)
app.command()(clean)
