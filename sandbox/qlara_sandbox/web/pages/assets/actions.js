// What buttons do: one after the other, a request at a time, and what goes wrong is shown.

import { NoToken } from "./control.js";

const $ = (id) => document.getElementById(id);
let turn = Promise.resolve();
let sending = null;

/** Show a sentence above everything; "" removes it. */
export function notice(text, error = null) {
  $("notice-text").textContent = text;
  $("enter-token").hidden = !(error instanceof NoToken);
  $("notice").hidden = text === "";
}

/** Say that there is no token, and offer to enter it. */
export function noticeNoToken() {
  const error = new NoToken();
  notice(error.message, error);
}

/** Return a listener whose action waits for those before it, and that shows what went wrong. */
export function guarded(action) {
  return (event) => {
    event?.preventDefault();
    turn = turn.then(() => attempt(() => action(event)));
    return turn;
  };
}

/**
 * Return a listener that sends something. Until that has ended, every other one does nothing: a second click
 * sends nothing twice. The action gets a signal that tells when the person has had enough of waiting.
 */
export function sends(action, marked = null) {
  return async (event) => {
    event?.preventDefault();
    if (sending) return;
    sending = new AbortController();
    busy(marked, true);
    try {
      await turn;
      await attempt(() => action(sending.signal));
    } finally {
      sending = null;
      busy(marked, false);
    }
  };
}

/** Stop what is being sent. */
export const cancel = () => sending?.abort();

async function attempt(action) {
  notice("");
  try {
    await action();
  } catch (error) {
    notice(error.message, error);
  }
}

function busy(marked, on) {
  for (const button of document.querySelectorAll("[data-sends]")) {
    if (on) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
  if (on) marked?.setAttribute("aria-busy", "true");
  else marked?.removeAttribute("aria-busy");
}
