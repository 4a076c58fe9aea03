"""What every form of the report says: the verdict, each exchange as a command, keys masked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from qlara_contract.masking import PLACEHOLDER, mask
from qlara_contract.report.counting import counted
from qlara_contract.untrusted import visible
from qlara_rehearsal.judge import ActVerdict
from qlara_rehearsal.stage import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_rehearsal.exchanges import ActExchange
    from qlara_rehearsal.judge import ActResult
    from qlara_rehearsal.rehearsal import Rehearsal

MOST_EXCHANGES = 4
_LONGEST_REASON = 200
_OUTPUT_LINES = 12
_LONGEST_LINE = 300
_NAMED = 12  # acts
_MASKED = "%E2%80%A6"  # what the journal has in place of a key in a query


def verdict(rehearsal: Rehearsal) -> str:
    """Return the rehearsal in one sentence."""
    acts = counted(len(rehearsal.results), "act")
    if rehearsal.is_ready:
        return (
            f"Ready: {'the act is' if len(rehearsal.results) == 1 else f'all {acts} are'} handled."
        )
    parts = [
        f"{rehearsal.count(each)} {each.value}"
        for each in (ActVerdict.MISHANDLED, ActVerdict.NOT_REACHED)
        if rehearsal.count(each)
    ]
    if rehearsal.stopped:
        parts.append("the time was over before all were played")
    return f"Not ready: of {acts} {' and '.join(parts)}."


def circumstances(rehearsal: Rehearsal) -> list[str]:
    """Return what was rehearsed, and how: a line each, for people."""
    settings = rehearsal.settings
    has_sent = any(one.evidence.exchanges for one in rehearsal.results)
    lines = [
        f"Command: {command(rehearsal)}",
        f"Client: {rehearsal.client or ('sends no User-Agent' if has_sent else 'has sent nothing')}",
        f"Contract: Qlara contact API {rehearsal.contract_version} (UC-020), as qlara-sandbox {VERSION} plays it",
        f"Strategy: {settings.strategy or 'that of each act'}; seed {settings.seed}",
    ]
    if left := rehearsal.left_out:
        named = f": {', '.join(left)}" if len(left) <= _NAMED else ""
        lines.append(f"Left out: {counted(len(left), 'act')}{named}")
    return [masked(rehearsal, visible(each)) for each in lines]


def command(rehearsal: Rehearsal) -> str:
    """Return the command of the client as it was given, or that a person used it."""
    return shlex.join(rehearsal.settings.command) or "none: a person used the client"


def again(rehearsal: Rehearsal, result: ActResult) -> str:
    """Return the command that plays one act again."""
    settings = rehearsal.settings
    options = ["qlara-sandbox", "rehearse", "--act", result.act.name]
    options += ["--seed", str(settings.seed)] if settings.seed else []
    options += ["--strategy", settings.strategy] if settings.strategy else []
    end = ["--", *settings.command] if settings.command else ["--manual"]
    return masked(rehearsal, visible(shlex.join([*options, *end])))


def shown(exchanges: tuple[ActExchange, ...]) -> tuple[ActExchange, ...]:
    """Return the exchanges that are written out: of many, the first and the last ones."""
    if len(exchanges) <= MOST_EXCHANGES:
        return exchanges
    half = MOST_EXCHANGES // 2
    return exchanges[:half] + exchanges[-half:]


def exchange_lines(rehearsal: Rehearsal, result: ActResult, exchange: ActExchange) -> str:
    """Return an exchange as a comment with its response, and a command that sends it again."""
    began = result.evidence.exchanges[0].started
    comment = f"# request {exchange.number}, {exchange.started - began:.2f} s: {_outcome(exchange)}"
    text = f"{comment}\n{curl(exchange)}" if exchange.method else comment
    return masked(rehearsal, visible(text))


def curl(exchange: ActExchange) -> str:
    """Return the command that sends the request again, to the sandbox at ``$QLARA_BASE_URL``."""
    query = f"?{exchange.query}".replace(_MASKED, PLACEHOLDER) if exchange.query else ""
    options_of = {"GET": "", "POST": "", "HEAD": "--head "}  # -X HEAD waits for a body
    method = options_of.get(exchange.method, f"-X {exchange.method} ")
    target = exchange.path + query
    is_plain = not set('"$`\\!') & set(target)
    where = f'"$QLARA_BASE_URL{target}"' if is_plain else f'"$QLARA_BASE_URL"{shlex.quote(target)}'
    options = [f"curl {method}{where}"]
    if "x-api-key" in exchange.headers:
        options.append(f"-H 'X-Api-Key: {PLACEHOLDER}'")
    if exchange.method == "POST":
        name = exchange.file_name or "contacts.vcf"
        options.append(f"-F {shlex.quote(f'file=@{name}')}")
    options += [
        f"-F {shlex.quote(f'{name}={value}')}" for name, value in (exchange.form or {}).items()
    ]
    return " \\\n  ".join(options)


def output_lines(rehearsal: Rehearsal, result: ActResult) -> list[str]:
    """Return the last lines that the client printed."""
    lines = masked(rehearsal, visible(result.evidence.ending.output)).splitlines()
    return [line[:_LONGEST_LINE] for line in lines if line.strip()][-_OUTPUT_LINES:]


def ending(result: ActResult) -> str:
    """Return how the client ended, in a few words."""
    end = result.evidence.ending
    if end.has_told is not None:
        return "it told of an error" if end.has_told else "it said that all went well"
    count = counted(len(result.evidence.exchanges), "request")
    return f"{count}, {end.seconds:.1f} s, {end.how}"


def masked(rehearsal: Rehearsal, text: str) -> str:
    """Return *text* without any key or secret of the rehearsal."""
    keys = [one.evidence.part.api_key for one in rehearsal.results]
    keys += rehearsal.settings.secrets
    return mask(text, dict.fromkeys(keys, PLACEHOLDER))


def _outcome(exchange: ActExchange) -> str:
    return "; ".join(_outcomes(exchange))


def _outcomes(exchange: ActExchange) -> Iterator[str]:
    reason = exchange.reason()[:_LONGEST_REASON]
    yield f"{exchange.status or 'no response'}" + (f", {reason}" if reason else "")
    if exchange.faults:
        yield f"fault: {', '.join(exchange.faults)}"
    told = exchange.response_headers.get("retry-after")
    if told:
        yield f"Retry-After: {told}"
