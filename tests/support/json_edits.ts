// The successive texts of a JSON file that people and programs write: members edited, moved, doubled and deleted, saved
// half-written and whole again, undone, with other line ends. Many are intentionally no JSON.
import { withOneMoved } from "./edit_sequence.ts";
import type { Random } from "./random.ts";

/** A file with everything that the JSON form has, each member of an object on its own line. */
export const EDITED_JSON = `{
  // A snapshot, edited by hand.
  "$snapshot": { "format": 1, "hash": "a hash of some length" },
  "Honua": { "LogLevel": "debug", "cors": { "allowAnyOrigin": true } },
  "dataSources": {
    "db": { "id": "db", "connection": "Host=\${env:DB_HOST};Password=\${env:DB_PASSWORD}" },
    "e\u0301": { "pool": { "MINSIZE": 1.0, "minSize": 12345678901234567890 } },
  },
  "services": {
    "odata": { "type": "odata", "settings": { "max_page_size": 10, "Type2": null, "x": 1, "x": 2 } },
    "ogc": { "settings": [1] },
  },
  "layers": {
    "roads": { "idField": "ID", "fields": { "Name": { "Type": "string" } }, "services": ["odata",] },
    "rivers": { "id": "lakes", "title": "a \\u0022\${var.region}\\n\${env(\\"X\\")}" },
    "lakes": { "title": 1, "Title": 2, /* twice */ "id": "lakes" },
    "hills": 5,
    "roads": null,
  },
  "caches": {
    "redis": { "requiredIn": ["production"] },
  },
  "rateLimit": { "rules": { "Default": { "Requests": 5 } } },
  "variables": {
    "region": "kona",
    "number": 1,
    "gone": null,
  },
  "logging": { "Level": "\${x}" },
  "answer": 42,
}
`;

const TOKENS = [
  ...'{}[]:,"\\/*\n\r 1.-e',
  ...["//", "/*", "*/", '"layers": {', '"Layers": {},', '"id": ', "${", "null", "true", "\ud800", "\\u", "e\u0301"],
  ...['"x": { "id": "y" },', '"x": [[]],', "1e999", "},\n", '"roads": {},', '"honua": [],', "nul", "\t", "\r\n"],
];

/** The largest number of texts that an undo goes back. */
const UNDO_STEPS = 4;

/** Returns the text that follows `texts`, of which the first is the oldest. */
export function nextJson(texts: readonly string[], random: Random): string {
  const text = texts.at(-1)!;
  const kind = random.below(16);
  if (kind <= 1) return texts[Math.max(0, texts.length - 1 - random.below(UNDO_STEPS))]!;
  if (kind === 2) return text.slice(0, random.below(text.length + 1));
  if (kind === 3) return text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text.replaceAll("\n", "\r\n");
  if (kind === 4) return random.pick(["// first\n", "\n", "/* ", "[", " "]) + text;
  if (kind === 5) return replaceWord(text, random);
  if (kind <= 10) return moveLine(text, random);
  const at = random.below(text.length + 1);
  return text.slice(0, at) + (random.below(4) > 0 ? random.pick(TOKENS) : "") + text.slice(at + random.below(3));
}

/** Moves, doubles or deletes a line. */
function moveLine(text: string, random: Random): string {
  return withOneMoved(text.split("\n"), random).join("\n");
}

function replaceWord(text: string, random: Random): string {
  const words = [...text.matchAll(/\w+/g)];
  if (words.length === 0) return text;
  const { index, 0: word } = random.pick(words);
  return text.slice(0, index) + random.pick(words)[0] + text.slice(index + word.length);
}
