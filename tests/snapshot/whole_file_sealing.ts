// The format of a snapshot written down once more, as one pass over the whole: a reference for sealing.
import { canonicalText, type JsonObject } from "../../src/snapshot/canonical.ts";
import { canonicalBytes, sha256Hex } from "./reference_hash.ts";

/** A snapshot's hashes and its file. */
export interface WholeFile {
  readonly hash: string;
  readonly contentHash: string;
  readonly bytes: Uint8Array;
}

/** Makes a snapshot from nothing. */
export function sealWholeFile(config: JsonObject, portable: JsonObject): WholeFile {
  const content = canonicalText(withoutHeader(config));
  const contentHash = sha256Hex(new TextEncoder().encode(content));
  const hash = sha256Hex(canonicalBytes(withoutHeader(portable)));
  const header = ['    "format": 1,', `    "hash": "${hash}",`, `    "contentHash": "${contentHash}"`].join("\n");
  const rest = content === "{}" ? "\n}" : `,${unfold(content).slice("{".length)}`;
  return { hash, contentHash, bytes: new TextEncoder().encode(`{\n  "$snapshot": {\n${header}\n  }${rest}\n`) };
}

function withoutHeader(config: JsonObject): JsonObject {
  const { $snapshot: _, ...rest } = config;
  return rest;
}

const UNFOLDED_DEPTH = 6;

function unfold(canonical: string): string {
  let result = "";
  let copied = 0;
  let depth = 0;
  let lists = 0;
  for (let at = 0; at < canonical.length; at++) {
    const character = canonical[at];
    if (character === '"') {
      at = endOfString(canonical, at);
      continue;
    }
    if (character === "[") lists++;
    else if (character === "]") lists--;
    if (lists > 0) continue;
    if (character === "{") depth++;
    const unfolded = depth <= UNFOLDED_DEPTH;
    if (character === "}") depth--;
    if (!unfolded || (character === "{" && canonical[at + 1] === "}")) continue;
    if (character === "{" || character === ",") {
      result += `${canonical.slice(copied, at + 1)}\n${"  ".repeat(depth)}`;
    } else if (character === ":") result += `${canonical.slice(copied, at + 1)} `;
    else if (character === "}" && canonical[at - 1] !== "{") {
      result += `${canonical.slice(copied, at)}\n${"  ".repeat(depth)}}`;
    } else continue;
    copied = at + 1;
  }
  return result + canonical.slice(copied);
}

/** The offset of the quote that closes the string which opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
