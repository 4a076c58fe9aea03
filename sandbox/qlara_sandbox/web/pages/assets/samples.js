// Files to try, shipped with the sandbox or made here.

const LIMIT = 10_485_760; // 10 MB, as the documentation's 413 counts them

const card = (name, phone, ...more) =>
  ["BEGIN:VCARD", "VERSION:3.0", `FN:${name}`, `TEL;TYPE=CELL:${phone}`, ...more, "END:VCARD", ""].join("\r\n");

/** Return a file of text; its `content` can be put into a command. */
const made = (name, ...parts) => async () => Object.assign(new File(parts, name, { type: "text/vcard" }), { content: parts.join("") });

const shipped = (name) => async () => {
  const response = await fetch(`/__console/samples/${name}`);
  if (!response.ok) throw new Error(`The sample ${name} cannot be read.`);
  return Object.assign(new File([await response.blob()], name, { type: "text/vcard" }), { shipped: true });
};

/** Return a file of exactly `bytes` bytes: good cards, and one long note. */
function sized(name, bytes) {
  const head = card("Marco Rossi", "347 123 4567") + "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Giulia Bianchi\r\nTEL:348 987 6543\r\n";
  const tail = "END:VCARD\r\n";
  const line = `NOTE:${"x".repeat(1017)}\r\n`;
  const room = bytes - head.length - tail.length;
  const lines = Math.floor(room / line.length) - 1;
  const rest = room - lines * line.length;
  return new File([head, line.repeat(lines), `NOTE:${"x".repeat(rest - 7)}\r\n`, tail], name, { type: "text/vcard" });
}

export const SAMPLES = [
  { id: "export", label: "CRM export, 250 cards", shipped: "contacts-export.vcf", open: shipped("contacts-export.vcf") },
  { id: "outlook", label: "Outlook, 12 cards", shipped: "outlook-contacts.vcf", open: shipped("outlook-contacts.vcf") },
  { id: "updated", label: "Later export", shipped: "contacts-updated.vcf", open: shipped("contacts-updated.vcf") },
  {
    id: "duplicates",
    label: "Duplicates",
    open: made(
      "duplicates.vcf",
      card("Marco Rossi", "347 123 4567"),
      card("Rossi Marco", "+39 347 1234567", "EMAIL:marco.rossi@example.com"),
      card("M. Rossi", "0039 347 123 45 67"),
      card("Giulia Bianchi", "348 987 6543"),
    ),
  },
  { id: "bad-header", label: "No header", shipped: "bad-header.vcf", open: shipped("bad-header.vcf") },
  { id: "no-footer", label: "No footer", shipped: "no-footer.vcf", open: shipped("no-footer.vcf") },
  { id: "limit", label: "Exactly 10 MB", open: async () => sized("ten-megabytes.vcf", LIMIT) },
  { id: "oversized", label: "One byte over 10 MB", open: async () => sized("one-byte-too-many.vcf", LIMIT + 1) },
];

/** Return the file of that name that the sandbox ships, or null. */
export async function shippedSample(name) {
  return SAMPLES.some((one) => one.shipped === name) ? shipped(name)() : null;
}

/** Return the sample file of that id. */
export const sample = (id) => SAMPLES.find((one) => one.id === id).open();

const grouped = new Intl.NumberFormat("en").format;
export const number = (value) => grouped(value).replaceAll(",", "\u202f");
