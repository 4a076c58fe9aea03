// What the contract page gains by a script: colours, copy buttons, and where the reader is.

import { GROUPS, demonstration, demonstrationOf, operationOf } from "./demonstrations.js";
import { copyable, el, highlighted } from "./dom.js";

for (const code of document.querySelectorAll("pre > code")) {
  const text = code.textContent;
  if (code.dataset.language === "json") code.replaceChildren(...highlighted(text));
  copyable(code.parentElement, () => text);
}

// ---- from the contract to the console, where the same can be seen at work

const toConsole = (demo, text) => el("a", { class: "try", href: `/__console?demo=${encodeURIComponent(demo.id)}` }, text);
const TRIED = { uploadVCard: "documented-import", listContacts: "list-page", getContactQuota: "quota" };

// A proxy has no demonstrations.
const tried = document.body.dataset.proxy === undefined;

for (const [operation, demo] of tried ? Object.entries(TRIED) : []) {
  document.querySelector(`#${operation} .endpoint`)?.append(toConsole(demonstration(demo), "Try it"));
  for (const response of document.querySelectorAll(`details.response[id^="${operation}-"]`)) {
    const status = Number(response.id.slice(operation.length + 1));
    if (status) response.querySelector("summary").after(el("p", { class: "demonstrated" }, toConsole(demonstrationOf(operation, status), `See ${status} in the console`)));
  }
}
for (const section of tried ? document.querySelectorAll('section.error[id^="errors-"]') : []) {
  const status = Number(section.id.slice("errors-".length));
  const demos = GROUPS.flatMap(({ items }) => items).filter((demo) => demo.status === status);
  if (demos.length === 0) continue;
  section.querySelector("h3").after(el("p", { class: "demonstrated" }, "In the console: ",
    ...demos.flatMap((demo, index) => [index ? ", " : "", toConsole(demo, `${demo.title} (${operationOf(demo)})`)])));
}

/** Bring the target of the address into view, also one that is folded or has no section. */
function reveal() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!id) return;
  const target = document.getElementById(id);
  if (target) target.closest("details")?.setAttribute("open", "");
  else if (id.startsWith("errors-")) document.getElementById("errors").scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();

const links = new Map(
  [...document.querySelectorAll(".index a")].map((link) => [link.hash.slice(1), link]),
);
const seen = new Set();
const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) seen.add(target.id);
    else seen.delete(target.id);
  }
  // The innermost section in view comes last in the order of the page.
  const here = [...links.keys()].filter((id) => seen.has(id)).at(0);
  for (const [id, link] of links) link.classList.toggle("here", id === here);
}, { rootMargin: "-80px 0px -70% 0px" });
for (const id of links.keys()) {
  const section = document.getElementById(id);
  if (section) watch.observe(section);
}
