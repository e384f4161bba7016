"""The commands of `understudy`, one module each; webapp/cli.py puts them together."""
