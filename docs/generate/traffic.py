"""``docs/traffic.md``: what is judged in traffic, how certain that is, and which promises traffic shows."""

from __future__ import annotations

from pathlib import Path

from qlara_proxy.judging import limits, visibility
from qlara_proxy.judging.histories import LONGEST_OF_LISTS, LONGEST_OF_QUOTAS

PAGE = Path(__file__).parents[1] / "traffic.md"
_TEXT = """\
# What traffic shows

<!-- Written by `make docs`. -->

`qlara-sandbox proxy` judges what passes, with the promises of the contract suite. Each ends as **kept** (so many times), **broken**
(with the exchange), or **not seen** (with what it would take). It sends nothing of its own, so it sees less than `verify`, and it
is not alone: others may use the same account at the same time. This page says what it concludes from what.

## One exchange

Shapes, statuses, media types, the arithmetic of a summary, the numbers of a page, a key that is shown: what one response says is
certain, and is judged at once, by the same checks as in `verify`. A bad request must be refused, so a 400 that the client earned is
a promise kept. Responses of gateways (502, 503, 504, and any 5xx with `Retry-After`), and exchanges that were broken off by
whoever, say nothing about the deployment.

The file of an import comes from a stranger. A card counts for a promise only if nothing about it is in doubt, and for the
promise that it rests on: a card whose name is folded for `cards.folded-lines`, one with nothing special for `cards.name`. Where a card
rests on several that are all documented, each of them is broken, and what they promise together; what concerns the card as a whole is
not, once another card has shown it kept. Where one of them is assumed, it is the one that is decided otherwise, and nothing
documented is broken. The cards are read as the sandbox reads them.

A request that makes the deployment fail with a 500 is neither refused nor served. It breaks what it must be refused by, or else
what is special about it: its strategy, unless that has worked before; the one thing that is special about its file; a card at fault.
A file of a hundred cards and more is special for its length. A key that was never accepted says nothing.

## Several exchanges

A change between two readings is judged if nothing else is known to have happened between them: every exchange has its time, and
one that overlaps has no order. An import whose response was lost may have been carried out or not, within an hour: nothing that it
could have changed is judged. Each key (with a sandbox, each session too) is followed for itself. Two keys may be of one account until
their quotas, read with no import in between, are different: until then, what one of them imports may have changed what the
other shows.

| what | judged if | otherwise |
|---|---|---|
| the quota moves by what was created | two readings, and between them whole imports that were accepted | not judged |
| refusals change nothing | two readings, and between them only imports that were refused | not judged |
| pages belong together | all pages of one list with one `limit`, and no import from the first to the last | begun anew |
| an import's contacts are in its list | the whole list, read after it, and no other import since, or one at the same time | not judged |
| SKIP and UPDATE of a contact | the contact is known from before, and one import named its number since | not judged |
| who was on a list stays as they were, where they were | the list read twice, and only told imports between, of which no card names them | not judged |
| room in the quota | a quota that is read, and reports of all imports since | not judged |
| duplicates by number | numbers that are known to be in the same list; in other lists once these are seen to count | not judged |

**Others.** Whoever else uses the account could have brought about most such differences. One is therefore a **doubt**, told apart
and no drift. The same difference in a third exchange is broken. A quota that moves with nothing sent in between is shared: it
is not judged any more, and its doubts are dropped. What remains is somebody who imports in step with this traffic, three times by
the same amount, and at no other time. `--sole-client` says that there is nobody else, and then each difference counts at once.

**Later.** A deployment may index an import after its response. Something that is not there is missing if three imports were seen
to show as soon as that, and none later; or after {lists:.0f} seconds for a list and {quotas:.0f} for a quota, as long as `verify`
waits. What shows later is `list.visible-at-once` or `quota.moves-at-once`, which are assumed.

**Conventions.** Assumed promises are judged by the contract, or by the overlay that is given. The number of the first page and
whether `page` is read are learnt from what passes, as the documented promises about pages rest on them. Numbers that are not
mobile count as valid once one was imported. A number without the code of its country is of the region of the account, which traffic
does not tell: it counts for nothing that is documented, unless it is stored as it was typed. A list that `listName` leads to may have
been there before, until the same name was seen to lead to two lists, or the list holds no more than was imported.

## What is remembered

Counts and hashes, never contents, and no more of them however long it goes on; what was used longest ago is forgotten first.

| what | at most |
|---|---|
| accounts | {limits.ACCOUNTS} |
| lists of an account whose pages are compared | {limits.LISTS} |
| imports of an account whose contacts are looked for | {limits.IMPORTS}, of {limits.CARDS} cards each; of longer files, how many cards they have |
| file whose cards are read | {mebibytes:.0f} MiB |
| contacts of an account | {limits.CONTACTS} |
| ids of imports and contacts | {limits.IDS} |
| exchanges that wait for earlier ones to end | {limits.WAITING} |
| exchanges kept as evidence, for each promise | {limits.EVIDENCE}, of {kibibytes:.0f} KiB each |

Evidence shows outlines (`Xxxxx Xxxxx`) in place of whatever may be data of somebody, unless the data is to be kept: values
in queries, forms, cards, tables, headers and responses, steps of paths, and the words of errors that such messages do not have.
What stays are the names of fields and properties, ids, counts, times and messages. Secrets are hidden in any case.

Bodies that are compressed otherwise than with gzip or deflate are not read, so such responses are not judged; the report says
how many there were.

## The client's requests

They are held against the contract too: names of fields and parameters that it does not have, `listId` and `listName` together, a
key anywhere but in `X-Api-Key`, fields given twice, a strategy that there is none of, and what was refused for how it was written.
They are told beside the promises, and never count against the deployment.

## Promise by promise

"""


def page() -> str:
    """Return the whole page."""
    text = _TEXT.format(
        limits=limits,
        lists=LONGEST_OF_LISTS,
        quotas=LONGEST_OF_QUOTAS,
        mebibytes=limits.FILE_BYTES / 2**20,
        kibibytes=limits.KEPT_BODY / 2**10,
    )
    return text + visibility.as_markdown()
