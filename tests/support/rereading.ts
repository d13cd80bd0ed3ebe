// Checks the equality behind reading again: after any texts, a reader results in the same items, document and mistakes
// as a new one, with all places.
import { sourceText } from "../../src/diagnostic/range.ts";
import type { ParsedDocument } from "../../src/document/document.ts";
import { type HclVerdict, judgeTexts, type ParseText } from "../../src/document/hcl/hcl.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { openHclReader } from "../../src/document/hcl/hcl_document.ts";
import { openItemMemory } from "../../src/document/hcl/item_memory.ts";
import type { Parser } from "../../src/document/hcl/parser.ts";
import { openPace } from "../../src/time/pace.ts";
import { scanSource } from "./whole_scan.ts";

/** Reads texts with a memory and without one. */
export interface Rereading {
  /** Compares the two for one text; resolves with the difference, or null if they are equal. */
  compare(text: string): Promise<string | null>;
  /** Whether the last text had no mistake. */
  readonly isSound: boolean;
}

/** Opens a reader without memory. */
export function openRereading(parser: Parser): Rereading {
  const scans = openItemMemory();
  const reader = openHclReader(openBlockParser(parser));
  let isSound = false;
  return {
    get isSound() {
      return isSound;
    },
    async compare(text) {
      const scan = asText(await scans.scan(text, openPace()));
      const freshScan = asText(scanSource(text));
      if (scan !== freshScan) return `scanned again: ${scan}\nscanned afresh: ${freshScan}`;
      const parsed = await reader.read(sourceText("t.hcl", text));
      isSound = parsed.ok && parsed.document.mistakes.length === 0;
      if (isSound) scans.keep();
      const read = shown(parsed);
      const fresh = shown(await openHclReader(openBlockParser(parser)).read(sourceText("t.hcl", text)));
      return read === fresh ? null : `read again: ${read}\nread afresh: ${fresh}`;
    },
  };
}

function shown(parsed: ParsedDocument): string {
  if (!parsed.ok) return asText(parsed);
  const { blocks, attributes, mistakes } = parsed.document;
  return asText({ blocks, attributes, mistakes });
}

/** Writes a value as JSON, with ranges as their current plain numbers. */
export function asText(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => {
    if (typeof inner === "number" && !Number.isFinite(inner)) return String(inner);
    if (inner === null || typeof inner !== "object" || !("start" in inner && "end" in inner)) return inner;
    return Object.hasOwn(inner, "start") ? inner : { start: inner.start, end: inner.end };
  });
}

/** hcl2json in this process; each text is parsed once, because the result is always the same. */
export function rememberingParser(parse: ParseText): Parser {
  const known = new Map<string, HclVerdict>();
  return {
    async judge(texts) {
      const unknown = texts.filter((text) => !known.has(text));
      const verdicts = await judgeTexts(parse, unknown, 64);
      for (const [index, text] of unknown.entries()) known.set(text, verdicts[index]!);
      const answer = texts.map((text) => known.get(text)!);
      if (known.size > MAX_REMEMBERED) known.clear();
      return { ok: true, verdicts: answer };
    },
    warm: () => {},
    kill: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const MAX_REMEMBERED = 20_000;
