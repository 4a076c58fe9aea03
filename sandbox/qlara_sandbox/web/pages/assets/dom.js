// Elements without markup: everything that is shown goes through text nodes.

/** Return an element; children are nodes or text, attributes that start with "on" are listeners. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;

/** Return the nodes of pretty JSON text: keys, texts and plain values apart. */
export function highlighted(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    nodes.push(text.slice(end, match.index));
    const [whole, quoted, colon, plain] = match;
    if (plain !== undefined) nodes.push(el("span", { class: "j-plain" }, plain));
    else nodes.push(el("span", { class: colon ? "j-key" : "j-text" }, quoted), colon ?? "");
    end = match.index + whole.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

/** Show a status as a chip, coloured by its class. */
export function chip(status) {
  const text = status ? String(status) : "no response";
  return el("span", { class: `status s${status ? text[0] : "-"}` }, text);
}

/** Give a block of code a button that copies it. */
export function copyable(pre, text = () => pre.querySelector("code").textContent) {
  const button = el("button", { class: "copy", type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copied(text());
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  });
  pre.append(button);
  return pre;
}

/** Copy text; return whether that was allowed. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or not a secure context
  }
}
