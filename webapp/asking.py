"""Whose request a Gradio endpoint answers: `gradio_client` always goes by Gradio's queue, which works outside of it."""

import inspect
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import gradio as gr

from core.errors import BadInputError, UnderstudyError
from webapp.identity import current_user

UNEXPECTED = "Something went wrong within the site. Its log has the details."
_KINDS = {str: "a text", int: "a whole number"}
_log = logging.getLogger(__name__)


def for_programs(work: Callable[..., Any]) -> Callable[..., Any]:
    """The function for an endpoint: asked on behalf of the request's user, its refusals told to the client.

    Its parameters keep their names. The user is whom `webapp.access.user_of` named to Gradio when the request came in.
    """
    given = inspect.signature(work)

    @wraps(work)
    def asked(*values: Any) -> Any:
        *values_of_work, request = values
        token = current_user.set(request.username)
        try:
            _check_kinds(given, values_of_work)
            return work(*values_of_work)
        except UnderstudyError as error:
            raise gr.Error(str(error), print_exception=False) from None
        except Exception:
            _log.exception("The endpoint %s failed", work.__name__)
            raise gr.Error(UNEXPECTED, print_exception=False) from None
        finally:
            current_user.reset(token)

    asker = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request)
    # After the others without a default, or with a default of its own: Gradio fills it in by its type.
    if any(each.default is not inspect.Parameter.empty for each in given.parameters.values()):
        asker = asker.replace(default=None)
    asked.__signature__ = given.replace(parameters=[*given.parameters.values(), asker])  # type: ignore[attr-defined]
    asked.__annotations__ = {**work.__annotations__, "request": gr.Request}
    return asked


def _check_kinds(given: inspect.Signature, values: list[Any]) -> None:
    """Refuse what is of another kind than its parameter, which Gradio lets through; nothing at all passes."""
    for name, value in zip(given.parameters, values, strict=False):
        kind = given.parameters[name].annotation
        if kind in _KINDS and value is not None and type(value) is not kind:
            raise BadInputError(f"{name} should be {_KINDS[kind]}, but is {str(value)[:40]!r}.")
