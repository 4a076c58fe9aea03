"""How pages of each format are read: what is a command, what a response, what a heading."""

from __future__ import annotations

import pytest

from qlara_examples.bash import commands_of
from qlara_examples.blocks import (
    Block,
    Directive,
    DocumentedBlock,
    Heading,
    ShellBlock,
    numbered,
    status_in,
)
from qlara_examples.json_text import NotJson, read_documented
from qlara_examples.markdown import read_markdown
from qlara_examples.page import steps_of
from qlara_examples.plain_text import read_plain
from qlara_examples.web_page import read_web_page


def outline(blocks: list[Block]) -> list[tuple[object, ...]]:
    """Return blocks as (kind, first line, last line), headings with their text."""
    found: list[tuple[object, ...]] = []
    for block in blocks:
        if isinstance(block, Heading):
            found.append(("heading", block.line, block.text))
        elif isinstance(block, ShellBlock):
            found += [("command", one.first, one.last) for one in commands_of(block.lines)]
        elif isinstance(block, DocumentedBlock):
            found.append(("response", block.lines[0].number, block.lines[-1].number))
    return found


def test_in_plain_text_prose_is_no_command_and_a_short_line_without_full_stop_is_a_heading() -> (
    None
):
    text = """\
Import contacts
For each contact of the file, a card is read.
curl is the tool of choice here.
set of contacts: a list
- BEGIN:VCARD stands first
curl -s https://api.example/x \\
-H "A: b"
Response — fine
{
"a": 1
}
Then go on
"""
    assert outline(read_plain(text))[-3:] == [
        ("command", 6, 7),
        ("response", 9, 11),
        ("heading", 12, "Then go on"),
    ]


def test_commands_that_span_lines_end_where_bash_says() -> None:
    text = """\
curl -s https://api.example/x -d '{
  "a": 1
}' | jq .
X=$(curl -s https://api.example/y \\
  | jq -r .id)
for i in 1 2; do
  echo $i
done
cat <<EOF
{"not": "an answer"}
EOF
echo end
"""
    assert outline(read_plain(text)) == [
        ("command", 1, 3),
        ("command", 4, 5),
        ("command", 6, 8),
        ("command", 9, 11),
        ("command", 12, 12),
    ]


def test_a_quote_that_never_closes_costs_its_own_command_only() -> None:
    text = 'curl -s https://api.example/x \\\n-H "A: b\nResponse\n{"a": 1}\nHere "it" goes on\n'

    assert outline(read_plain(text))[:2] == [("command", 1, 2), ("response", 4, 4)]


def test_markdown_is_read_by_its_fences() -> None:
    text = """\
# Title
```bash
curl https://api.example/x
```
~~~http
HTTP/1.1 201 Created
Content-Type: application/json

{"a": 1}
~~~
```console
$ curl https://api.example/y \\
    -H "A: b"
{"b": 2}
$ echo done
done
```
```python
print({"no": "answer"})
```
**The plan is full** (409)
"""
    blocks = read_markdown(text)

    assert outline(blocks) == [
        ("heading", 1, "Title"),
        ("command", 3, 3),
        ("response", 9, 9),
        ("command", 12, 13),
        ("response", 14, 14),
        ("command", 15, 15),
        ("response", 16, 16),
        ("heading", 21, "The plan is full (409)"),
    ]
    assert [each.status for each in blocks if isinstance(each, DocumentedBlock)] == [
        201,
        None,
        None,
    ]


def test_blocks_of_markdown_keep_their_lines_in_lists_and_quotes_and_below_front_matter() -> None:
    text = """\
---
title: A page
---
A page
======

1. Ask:

   ```sh title="terminal"
   curl https://api.example/x \\
     -H "A: b"
   ```

> ```json
> {"a": 1}
> ```

<!-- sandbox: fresh -->
"""
    blocks = read_markdown(text)

    assert outline(blocks) == [
        ("heading", 4, "A page"),
        ("command", 10, 11),
        ("response", 15, 15),
    ]
    [shell] = [each for each in blocks if isinstance(each, ShellBlock)]
    assert [line.text for line in shell.lines] == ["curl https://api.example/x \\", '  -H "A: b"']
    assert blocks[-1] == Directive(18, {"fresh": "yes"})


def test_a_web_page_is_read_by_its_code_blocks_without_buttons_and_line_numbers() -> None:
    text = """\
<h2>One &amp; two<a class="hash-link" href="#x">#</a></h2>
<p>curl https://api.example/prose</p>
<pre class="language-bash"><code><span class="line-number">1</span><span>curl</span> -H
&quot;A: b&quot; \\
https://api.example/x</code><button>Copy</button></pre>
<pre><code>{
  "a": "&lt;x&gt;"
}</code></pre>
<!-- sandbox: scenario=default -->
"""
    blocks = read_web_page(text)

    assert [each.text for each in blocks if isinstance(each, Heading)] == ["One & two"]
    [shell] = [each for each in blocks if isinstance(each, ShellBlock)]
    assert [line.text for line in shell.lines] == ["curl -H", '"A: b" \\', "https://api.example/x"]
    [response] = [each for each in blocks if isinstance(each, DocumentedBlock)]
    assert [(line.number, line.text) for line in response.lines][1] == (7, '  "a": "<x>"')


def test_documented_json_may_be_abbreviated_and_every_key_has_its_line() -> None:
    text = (
        '{\n  "a": [1, 2, ...],  // and more\n  "b": {"c": null, …},\n  "d": -1.5e3\n}\n{"e": true}'
    )
    first, second = read_documented(numbered(text, 10))

    assert (first.value, second.value) == (
        {"a": [1, 2], "b": {"c": None}, "d": -1500.0},
        {"e": True},
    )
    assert first.lines_of_keys == {"a": 11, "b": 12, "d": 13}
    assert first.members is not None
    assert (first.members["a"].abbreviated, first.abbreviated) == (True, False)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{\n"a": 1\n"b": 2\n}', 3),
        ('{\n"a": 1', 2),
        ("{\n'a': 1}", 2),
        ('{"a": 1,\n"a": 2}', 2),
        ('{"a": nul}', 1),
    ],
)
def test_what_is_not_json_is_named_by_its_line(text: str, line: int) -> None:
    with pytest.raises(NotJson) as caught:
        read_documented(numbered(text))

    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("409 Conflict — the plan is full", 409),
        ("HTTP/1.1 201 Created", 201),
        ("Response — 404", 404),
        ("The plan is full (409)", 409),
        ("Status code: 413", 413),
        ("Import 250 contacts", None),
        ("Step 2 — Verify", None),
    ],
)
def test_a_heading_states_a_status_only_where_one_stands(text: str, status: int | None) -> None:
    assert status_in(text) == status


def test_a_response_belongs_to_the_command_above_it_and_to_none_below_another_heading() -> None:
    page = """\
## Ask
```sh
curl https://api.example/x
```
```json
{"a": 1}
```
## 409 Conflict
```json
{"b": 2}
```
"""
    asked, refused = steps_of(read_markdown(page))

    assert (len(asked.commands), asked.status, asked.world.scenario) == (1, None, "crm-migration")
    assert (refused.commands, refused.status, refused.status_line) == ((), 409, 8)
    assert refused.world.scenario == "quota-exhausted"


def test_blocks_that_have_nothing_to_do_with_the_api_are_left_alone() -> None:
    page = """\
```bash
pip install something
make serve
```
```bash
export KEY=YOUR_API_KEY
```
```bash
crul https://lora-api.agiletelecom.com/api/v1/x
```
"""
    assert [step.commands[0].first for step in steps_of(read_markdown(page))] == [6, 9]
