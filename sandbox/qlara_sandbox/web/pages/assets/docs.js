// What the contract page gains by a script: colours, copy buttons, and where the reader is.

import { copyable, highlighted } from "./dom.js";

for (const code of document.querySelectorAll("pre > code")) {
  const text = code.textContent;
  if (code.dataset.language === "json") code.replaceChildren(...highlighted(text));
  copyable(code.parentElement, () => text);
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
