// A string of Honua's JSON form as the value that HCL would make of it: `${…}` is code, `${env:NAME}` a call of env,
// and what has no code is a literal with its escapes (`$${`, `%%{`) resolved.
import { anchoredRange } from "../diagnostic/anchor.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import type { Literal, Template } from "./document.ts";
import { anchorAt } from "./json_members.ts";
import { envColonName } from "./strings.ts";

/** The value of a string literal, given where it stands with its quotes. Like HCL's, it is NFC-normalised. */
export function stringValue(source: SourceText, text: string, range: Range): Literal | Template {
  const { rewritten, hasCode, codes } = rewrite(text);
  if (!hasCode) {
    const value = text.replaceAll("$${", "${").replaceAll("%%{", "%{").normalize("NFC");
    return { kind: "literal", value, range };
  }
  const placeAt = placesIn(source.text.slice(range.start, range.end), range.start);
  const anchor = anchorAt(range);
  const places = codes.map(({ start, end }) => anchoredRange(anchor, placeAt(start), placeAt(end)));
  return { kind: "template", text: rewritten.normalize("NFC"), codes: places, range };
}

/** Finds the code of a text (offsets in the text as given) and rewrites `${env:NAME}`. */
function rewrite(text: string): { rewritten: string; hasCode: boolean; codes: Range[] } {
  const codes: Range[] = [];
  let rewritten = "";
  let copied = 0;
  let hasCode = false;
  const sequence = /\$\$\{|%%\{|\$\{|%\{/g;
  for (let match = sequence.exec(text); match; match = sequence.exec(text)) {
    if (match[0].length === 3) continue;
    hasCode = true;
    if (match[0] === "%{") continue;
    const name = envColonName(text, match.index);
    const start = match.index + 2;
    const end = name === null ? endOfCode(text, start) : start + "env:".length + name.length;
    if (end === null) break;
    codes.push({ start, end });
    if (name !== null) {
      rewritten += `${text.slice(copied, start)}env("${name}")`;
      copied = end;
    }
    sequence.lastIndex = end;
  }
  return { rewritten: rewritten + text.slice(copied), hasCode, codes };
}

/**
 * The offset of the `}` that ends the code beginning at `start`, or null: braces and strings nest, and a string may
 * hold code again. What is open is a stack, so depth costs memory and not recursion.
 */
function endOfCode(text: string, start: number): number | null {
  const open: ("code" | "string")[] = ["code"];
  for (let at = start;; at++) {
    const c = text[at];
    if (c === undefined) return null;
    if (open.at(-1) === "string") {
      if (c === "\\") at++;
      else if (c === '"') open.pop();
      else if (text.startsWith("$${", at) || text.startsWith("%%{", at)) at += 2;
      else if ((c === "$" || c === "%") && text[at + 1] === "{") {
        open.push("code");
        at++;
      }
    } else if (c === '"') open.push("string");
    else if (c === "{") open.push("code");
    else if (c === "}") {
      open.pop();
      if (open.length === 0) return at;
    }
  }
}

/** Where offsets of the decoded text stand in the source, escapes counted: each offset is no less than the last. */
function placesIn(quoted: string, start: number): (offset: number) => number {
  let at = 0;
  let raw = 1;
  return (offset) => {
    for (; at !== offset; at++) raw += quoted[raw] !== "\\" ? 1 : quoted[raw + 1] === "u" ? 6 : 2;
    return start + raw;
  };
}
