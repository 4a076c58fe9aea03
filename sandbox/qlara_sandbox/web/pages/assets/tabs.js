// Tabs, as WAI-ARIA has them: one is chosen, arrows go to the next, panels are made when they are first seen.

import { el } from "./dom.js";

/**
 * Return a row of tabs and what tells it which one is chosen: `names` are pairs of id and label, `choose` is
 * called with the id of a tab that a person goes to. All of them control the element with the id `controls`.
 */
export function tabRow(label, prefix, names, controls, choose) {
  const buttons = names.map(([id, text]) => el("button", {
    type: "button", role: "tab", id: `${prefix}-${id}`, "data-tab": id, "aria-controls": controls,
    onclick: () => goTo(id),
  }, text));
  const row = el("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: walk }, ...buttons);

  function mark(id) {
    for (const button of buttons) {
      const chosen = button.dataset.tab === id;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  }

  function goTo(id) {
    mark(id);
    choose(id);
  }

  function walk(event) {
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + buttons.length, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = buttons[to % buttons.length];
    next.focus();
    goTo(next.dataset.tab);
  }

  return { row, mark };
}

/** Return tabs with one panel below; `entries` are ids, labels and what makes the nodes of the panel. */
export function tabbed(label, prefix, entries, first) {
  const panel = el("div", { class: "tab-panel", role: "tabpanel", id: `${prefix}-panel`, tabindex: "0" });
  const show = (id) => {
    panel.setAttribute("aria-labelledby", `${prefix}-${id}`);
    panel.replaceChildren(...entries.find((entry) => entry.id === id).nodes());
  };
  const { row, mark } = tabRow(label, prefix, entries.map((entry) => [entry.id, entry.label]), panel.id, show);
  mark(first);
  show(first);
  return el("div", { class: "tabbed" }, row, panel);
}
