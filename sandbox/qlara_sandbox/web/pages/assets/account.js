// What the account holds: quota, lists and their contacts, as they are now, whoever changes them.

import { guarded } from "./actions.js";
import { control } from "./control.js";
import { el } from "./dom.js";
import { isSandboxKey } from "./address.js";
import { isOf } from "./entries.js";
import { number } from "./samples.js";

const PAGE = 10;
const PAUSE = 150;
const $ = (id) => document.getElementById(id);
const shown = { lists: [], list: null, page: 1, drawn: "" };
let who = () => ({ apiKey: "", session: "", scenario: "" });
let running = null;
let again = false;
let waiting = 0;

/** Begin; `account` tells whose panel this is: key, session and scenario. */
export function showAccountOf(account) {
  who = account;
  $("previous").addEventListener("click", guarded(() => turnTo(shown.page - 1)));
  $("next").addEventListener("click", guarded(() => turnTo(shown.page + 1)));
}

/** Show the account as it is now. */
export function refresh() {
  again = true;
  running ??= untilCurrent().finally(() => { running = null; });
  return running;
}

/** Show it again soon, if an event tells of something that may have changed it. */
export function accountMayHaveChanged(kind, data) {
  if (kind === "request" && !isOf(data, who())) return;
  // Looking at an account can make its world, and that can evict another.
  if (data.what === "expired" || data.what === "grown") return;
  waiting ||= setTimeout(() => {
    waiting = 0;
    refresh().catch(() => {});
  }, PAUSE);
}

/** Open a list of the account. */
export async function openList(list, page = 1) {
  Object.assign(shown, { list, page });
  await refresh();
}

/** Show no list. */
export function closeList() {
  shown.list = null;
  $("contacts").hidden = true;
}

async function turnTo(page) {
  shown.page = Math.max(page, 1);
  await refresh();
}

async function untilCurrent() {
  while (again) {
    again = false;
    const account = who();
    const world = isSandboxKey(account.apiKey) ? await control(`/world?${new URLSearchParams(account)}`) : null;
    const page = world && shown.list !== null && await pageOf(account);
    if (!again && same(account, who())) draw(world, page);
    else again = true;
  }
}

const same = (one, other) => one.apiKey === other.apiKey && one.session === other.session && one.scenario === other.scenario;

async function pageOf(account) {
  const read = (page) => control(`/contacts?${new URLSearchParams({ ...account, listId: shown.list, page, limit: PAGE })}`);
  try {
    const found = await read(shown.page);
    // The list may have become shorter.
    if (found.contacts.length > 0 || found.page === 1 || found.totalPages === 0) return found;
    return await read(found.totalPages);
  } catch (error) {
    return { refused: error.message, contacts: [], total: 0, page: 1, totalPages: 0, hasMore: false };
  }
}

function draw(world, page) {
  shown.lists = world?.lists ?? [];
  drawQuota(world?.quota);
  drawLists();
  $("known-lists").replaceChildren(...shown.lists.map(({ listId, name }) => el("option", { value: listId }, name)));
  $("contacts").hidden = !page;
  if (page) drawPage(page);
}

function drawQuota(of) {
  const bar = $("quota");
  bar.max = Math.max(of?.total ?? 1, 1);
  bar.value = of?.used ?? 0;
  bar.classList.toggle("full", Boolean(of) && of.used >= of.total);
  $("quota-text").textContent = of ? `${number(of.used)} of ${number(of.total)} contacts; ${number(Math.max(of.total - of.used, 0))} left` : "No such account.";
}

function drawLists() {
  const drawn = JSON.stringify([shown.lists, shown.list]);
  if (drawn === shown.drawn) return;
  shown.drawn = drawn;
  const focused = document.activeElement?.dataset?.list;
  $("lists").replaceChildren(...shown.lists.map(listButton));
  if (focused !== undefined) [...$("lists").children].find((button) => button.dataset.list === focused)?.focus();
  $("no-lists").hidden = shown.lists.length > 0;
}

function listButton({ listId, name, contacts }) {
  const count = contacts === 1 ? "1 contact" : `${number(contacts)} contacts`;
  return el("button", { type: "button", class: "plain", "data-list": listId, "aria-pressed": String(listId === shown.list), onclick: guarded(() => openList(listId)) },
    name || listId, el("small", {}, `${listId} · ${count}`));
}

function drawPage({ refused = "", contacts, total, page, totalPages, hasMore }) {
  shown.page = page;
  $("contacts-refused").hidden = refused === "";
  $("contacts-refused").textContent = refused;
  $("contact-rows").replaceChildren(...contacts.map(contactRow));
  $("page-text").textContent = total ? `Page ${number(page)} of ${number(totalPages)}` : "No contacts";
  // Not disabled: a button that loses its focus leaves the keyboard nowhere.
  $("previous").disabled = page <= 1 && document.activeElement !== $("previous");
  $("next").disabled = !hasMore && document.activeElement !== $("next");
}

function contactRow({ contactId, name, phoneNumber, email, tags }) {
  return el("tr", {}, el("th", { scope: "row" }, contactId), el("td", {}, name), el("td", {}, phoneNumber), el("td", {}, email ?? ""),
    el("td", {}, ...tags.map((tag) => el("span", { class: "tag" }, tag))));
}
