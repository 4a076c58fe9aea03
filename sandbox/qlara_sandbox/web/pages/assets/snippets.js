// A request as a program: what a person copies to send it from elsewhere.

/** The key as it may be shown: only those that everybody has are. */
const PUBLIC_KEYS = new Set(["YOUR_API_KEY", "sandbox_console", "unknown-key", "not-a-known-key"]);
const SHIPPED = "/__console/samples/";
// A file that a command can carry in itself.
const INLINE = 20_000;

/**
 * Return a request as a command or program that runs as it is. `request` has method, path, headers and, if it has
 * them, body or form; a file of the form has a name and may have `shipped` (the sandbox serves it) or `content`. A key is
 * shown only if `reveal` is set: what is copied has it, what is on the screen does not.
 */
export function snippet(language, origin, request, { reveal = false } = {}) {
  return WRITERS[language](origin, reveal ? request : concealed(request, language));
}

/** The languages: id and name. */
export const LANGUAGES = [
  ["curl", "curl"],
  ["python", "Python"],
  ["javascript", "JavaScript"],
  ["php", "PHP"],
  ["java", "Java"],
  ["csharp", "C#"],
];

/** Return whether what is shown of a request has its key masked. */
export const conceals = ({ headers }) => Boolean(headers["X-Api-Key"]) && !PUBLIC_KEYS.has(headers["X-Api-Key"]);

function concealed(request, language) {
  if (!conceals(request)) return request;
  const key = language === "curl" ? "$API_KEY" : "…";
  return { ...request, headers: { ...request.headers, "X-Api-Key": key } };
}

// ---- curl

const single = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const quoted = (text) => (/^[\w@%+=:,./ ?&-]*$/.test(text) ? `"${text}"` : single(text));

function curl(origin, { method, path, headers, form, body }) {
  const url = quoted(origin + path) + (/[[\]{}]/.test(path) ? " --globoff" : "");
  const verb = { GET: "", HEAD: "--head " }[method] ?? `-X ${method} `;
  const lines = [`curl ${verb}${url}`];
  for (const [name, value] of Object.entries(headers)) {
    if (value === "$API_KEY") lines.push(`-H "${name}: ${value}"`);
    else lines.push(`-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`);
  }
  if (form?.file) lines.push(`-F ${quoted(filePart(form.file))}`);
  for (const [name, value] of form?.fields ?? []) {
    lines.push(`${/^[@<]|;/.test(value) ? "--form-string" : "-F"} ${quoted(`${name}=${value}`)}`);
  }
  if (body) lines.push(`--data-raw ${quoted(body)}`);
  return fileFirst(origin, form?.file) + lines.join(" \\\n  ");
}

/** What makes the file, for the command to read from its input. */
function fileFirst(origin, file) {
  if (file?.shipped) return `curl -s ${quoted(origin + SHIPPED + file.name)} |\n`;
  if (isInline(file)) return `printf ${single(escaped(file.content))} |\n`;
  return "";
}

/** Whether a command can carry a file in itself. */
export const isInline = (file) => file?.content !== undefined && file.content.length <= INLINE;
const escaped = (text) => text.replaceAll("\\", "\\\\").replaceAll("%", "%%").replaceAll("\r", "\\r").replaceAll("\n", "\\n");

function filePart(file) {
  const named = /[;,"\\]/.test(file.name) ? `"${file.name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : file.name;
  return file.shipped || isInline(file) ? `file=@-;filename=${named}` : `file=@${named}`;
}

// ---- programs

const text = (value) => JSON.stringify(value);

function whereFrom(origin, file, comment) {
  return file?.shipped ? [`${comment} The file: curl -O ${origin}${SHIPPED}${file.name}`] : [];
}

function python(origin, { method, path, headers, form, body }) {
  const parts = [
    ...(form?.file ? [`("file", (${text(form.file.name)}, open(${text(form.file.name)}, "rb"))),`] : []),
    ...(form?.fields ?? []).map(([name, value]) => `(${text(name)}, (None, ${text(value)})),`),
  ];
  return lines(
    whereFrom(origin, form?.file, "#"),
    "import requests",
    "",
    "response = requests.request(",
    `    ${text(method)},`,
    `    ${text(origin + path)},`,
    "    headers={",
    Object.entries(headers).map(([name, value]) => `        ${text(name)}: ${text(value)},`),
    "    },",
    parts.length ? ["    files=[", parts.map((part) => `        ${part}`), "    ],"] : [],
    body ? `    data=${text(body)}.encode(),` : [],
    "    timeout=60,",
    ")",
    "print(response.status_code, response.text)",
  );
}

function javascript(origin, { method, path, headers, form, body }) {
  return lines(
    "// Node.js 20 or newer, as a module: node example.mjs",
    whereFrom(origin, form?.file, "//"),
    form?.file ? ['import { openAsBlob } from "node:fs";', ""] : [],
    form ? [
      "const form = new FormData();",
      form.file ? `form.append("file", await openAsBlob(${text(form.file.name)}), ${text(form.file.name)});` : [],
      form.fields.map(([name, value]) => `form.append(${text(name)}, ${text(value)});`),
      "",
    ] : [],
    `const response = await fetch(${text(origin + path)}, {`,
    `  method: ${text(method)},`,
    "  headers: {",
    Object.entries(headers).map(([name, value]) => `    ${text(name)}: ${text(value)},`),
    "  },",
    form ? "  body: form," : [],
    body ? `  body: ${text(body)},` : [],
    "});",
    "console.log(response.status, await response.text());",
  );
}

const inPhp = (value) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function php(origin, { method, path, headers, form, body }) {
  return lines(
    "<?php",
    whereFrom(origin, form?.file, "//"),
    `$curl = curl_init(${inPhp(origin + path)});`,
    "curl_setopt_array($curl, [",
    `    CURLOPT_CUSTOMREQUEST => ${inPhp(method)},`,
    "    CURLOPT_RETURNTRANSFER => true,",
    "    CURLOPT_HTTPHEADER => [",
    Object.entries(headers).map(([name, value]) => `        ${inPhp(value === "" ? `${name};` : `${name}: ${value}`)},`),
    "    ],",
    form ? [
      "    CURLOPT_POSTFIELDS => [",
      form.file ? `        'file' => new CURLFile(${inPhp(form.file.name)}, 'text/vcard', ${inPhp(form.file.name)}),` : [],
      form.fields.map(([name, value]) => `        ${inPhp(name)} => ${inPhp(value)},`),
      "    ],",
    ] : [],
    body ? `    CURLOPT_POSTFIELDS => ${inPhp(body)},` : [],
    method === "HEAD" ? "    CURLOPT_NOBODY => true," : [],
    "]);",
    "$body = curl_exec($curl);",
    "echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE), ' ', $body, PHP_EOL;",
  );
}

function java(origin, { method, path, headers, form, body }) {
  const publisher = form ? "BodyPublishers.ofByteArray(form.toByteArray())"
    : body ? `BodyPublishers.ofString(${text(body)})` : "BodyPublishers.noBody()";
  return lines(
    "// Java 17 or newer: java Example.java",
    whereFrom(origin, form?.file, "//"),
    form ? "import java.io.ByteArrayOutputStream;" : [],
    "import java.net.URI;",
    "import java.net.http.HttpClient;",
    "import java.net.http.HttpRequest;",
    "import java.net.http.HttpRequest.BodyPublishers;",
    "import java.net.http.HttpResponse.BodyHandlers;",
    form ? ["import java.nio.charset.StandardCharsets;", form.file ? ["import java.nio.file.Files;", "import java.nio.file.Path;"] : [], "import java.util.UUID;"] : [],
    "",
    "public class Example {",
    form ? [
      "    static final String BOUNDARY = UUID.randomUUID().toString();",
      "    static final ByteArrayOutputStream form = new ByteArrayOutputStream();",
      "",
      "    static void part(String name, byte[] content) throws Exception {",
      '        String head = "--" + BOUNDARY + "\\r\\nContent-Disposition: form-data; name=" + name + "\\r\\n\\r\\n";',
      "        form.write(head.getBytes(StandardCharsets.UTF_8));",
      "        form.write(content);",
      '        form.write("\\r\\n".getBytes(StandardCharsets.UTF_8));',
      "    }",
      "",
    ] : [],
    "    public static void main(String[] arguments) throws Exception {",
    form?.file ? `        part(${text(`"file"; filename=${dispositionName(form.file.name)}`)}, Files.readAllBytes(Path.of(${text(form.file.name)})));` : [],
    (form?.fields ?? []).map(([name, value]) => `        part(${text(`"${name}"`)}, ${text(value)}.getBytes(StandardCharsets.UTF_8));`),
    form ? '        form.write(("--" + BOUNDARY + "--\\r\\n").getBytes(StandardCharsets.UTF_8));' : [],
    `        HttpRequest request = HttpRequest.newBuilder(URI.create(${text(origin + path)}))`,
    Object.entries(headers).map(([name, value]) => `            .header(${text(name)}, ${text(value)})`),
    form ? '            .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)' : [],
    `            .method(${text(method)}, ${publisher})`,
    "            .build();",
    "        var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());",
    '        System.out.println(response.statusCode() + " " + response.body());',
    "    }",
    "}",
  );
}

/** A file's name as browsers write it into a form, WHATWG HTML section 4.10.21.8. */
const dispositionName = (name) => `"${name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}"`;

function csharp(origin, { method, path, headers, form, body }) {
  const content = form ? "form" : body ? `new StringContent(${text(body)})` : "null";
  return lines(
    whereFrom(origin, form?.file, "//"),
    "using System;",
    form?.file ? "using System.IO;" : [],
    "using System.Net.Http;",
    "using System.Threading.Tasks;",
    "",
    "class Example",
    "{",
    "    static void Main() => Send().GetAwaiter().GetResult();",
    "",
    "    static async Task Send()",
    "    {",
    "        var client = new HttpClient();",
    `        var request = new HttpRequestMessage(new HttpMethod(${text(method)}), ${text(origin + path)});`,
    Object.entries(headers).map(([name, value]) => `        request.Headers.TryAddWithoutValidation(${text(name)}, ${text(value)});`),
    form ? [
      "        var form = new MultipartFormDataContent();",
      form.file ? `        form.Add(new ByteArrayContent(File.ReadAllBytes(${text(form.file.name)})), "file", ${text(form.file.name)});` : [],
      form.fields.map(([name, value]) => `        form.Add(new StringContent(${text(value)}), ${text(name)});`),
    ] : [],
    content === "null" ? [] : `        request.Content = ${content};`,
    "        var response = await client.SendAsync(request);",
    '        Console.WriteLine((int)response.StatusCode + " " + await response.Content.ReadAsStringAsync());',
    "    }",
    "}",
  );
}

const lines = (...parts) => parts.flat(Infinity).join("\n");

const WRITERS = { curl, python, javascript, php, java, csharp };
