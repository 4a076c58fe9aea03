// The file of an import: chosen, dropped anywhere on the page, or one of the samples.

import { guarded } from "./actions.js";
import { el } from "./dom.js";
import { SAMPLES, number, sample } from "./samples.js";

const $ = (id) => document.getElementById(id);
let chosen = null;

/** Return the file that is chosen, or null. */
export const chosenFile = () => chosen;

/** Choose a file; `id` is that of a sample, `note` what a person should know of it. */
export function take(file, id = "", note = "") {
  chosen = file;
  $("chosen").textContent = file ? `${file.name}, ${number(file.size)} bytes` : "No file chosen";
  $("file-note").textContent = note;
  $("save-file").hidden = !file;
  for (const button of $("samples").children) button.setAttribute("aria-pressed", String(button.dataset.sample === id));
}

/** Choose a sample. */
export async function takeSample(id) {
  take(await sample(id), id);
}

/** Let a person save something as a file. */
export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Return what to say of the files that came together, of which an import takes one. */
export function severalNote(files) {
  if (files.length < 2) return "";
  const others = files.length - 1;
  return `${files.length} files came together, and an import takes one: ${short(files[0].name)} is chosen, ${others === 1 ? "the other is" : `the other ${others} are`} not.`;
}

const short = (name) => (name.length > 40 ? `${name.slice(0, 39)}…` : name);

/** Make samples, the button and the whole page take files. */
export function listenForFiles() {
  $("samples").append(...SAMPLES.map(({ id, label }) =>
    el("button", { type: "button", class: "plain", "data-sample": id, "aria-pressed": "false", onclick: guarded(() => takeSample(id)) }, label)));
  $("file").addEventListener("change", () => {
    takeFirst([...$("file").files]);
    $("file").value = "";
  });
  $("save-file").addEventListener("click", () => download(chosen.name, chosen));
  const root = document.documentElement;
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  for (const kind of ["dragenter", "dragover"]) {
    root.addEventListener(kind, (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      root.classList.add("over");
    });
  }
  root.addEventListener("dragleave", (event) => { if (!event.relatedTarget) root.classList.remove("over"); });
  root.addEventListener("drop", (event) => {
    root.classList.remove("over");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const folder = [...event.dataTransfer.items].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
    if (folder) $("file-note").textContent = "That is a folder: an import takes one file.";
    else takeFirst([...event.dataTransfer.files]);
    $("drop").scrollIntoView({ block: "nearest" });
  });
}

function takeFirst(files) {
  const cards = files.filter(({ name }) => /\.(vcf|vcard)$/i.test(name));
  const [first, ...others] = [...cards, ...files.filter((file) => !cards.includes(file))];
  if (first) take(first, "", severalNote([first, ...others]));
}
