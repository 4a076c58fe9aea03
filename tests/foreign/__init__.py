"""A second deployment of the contact API, written against UC-020 alone.

It shares no code with the sandbox or the contract suite, so the suite can be tried on it: right by
default, with switches for legitimate freedoms (``freedoms/``) and for faults (``faults/``).

    python -m tests.foreign --port 0 --freedom limit-maximum-100-clamp --fault name-html-escaped
    python -m tests.foreign --list
    python -m tests.foreign.trial --faults --jobs 2

A request passes through the modules in this order: ``server`` (HTTP), ``deployment`` (route, key),
``uploads`` and ``multipart`` (form), ``importing``, ``vcards`` and ``numbers`` (file to contacts), or
``listing``. ``policy`` holds the choices that a switch may set; ``stages`` names the places where it
may change a value; ``probe`` shows that it does.
"""

from tests.foreign.serving import running

__all__ = ["running"]
