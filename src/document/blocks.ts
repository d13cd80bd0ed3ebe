// The items of a source judged one by one, with what was judged before remembered by a hash of its text: an edit of
// one block costs the parsing of one block. The memory holds the last two documents' items and nothing older, so that
// a source caught half-written does not forget the whole one before it.
import { createHash } from "node:crypto";
import type { Item } from "./dialect.ts";
import { rewriteItem } from "./dialect.ts";
import type { Verdict } from "./hcl.ts";
import { type Judgement, openParser, type Parser } from "./parser.ts";

/** Judges the items of a source; disposing of it ends the parser that it opened. */
export interface BlockParser extends AsyncDisposable {
  /**
   * Verdicts on items in their order; or which limit was exceeded at which item. Rejects only with the signal's reason.
   */
  judge(text: string, items: readonly Item[], signal?: AbortSignal): Promise<Judgement>;
  /** Prepares for a request that is expected soon. */
  warm(): void;
  /** Kills the parser at once and for good, for a program that ends without disposing. */
  kill(): void;
}

/** A block parser over a parser of its own, or over the one given (which it then closes). */
export function openBlockParser(parser: Parser = openParser()): BlockParser {
  let current = new Map<string, Verdict>();
  let previous = new Map<string, Verdict>();

  return {
    async judge(text, items, signal) {
      const texts = items.map((item) => rewriteItem(text, item));
      const keys = texts.map((one) => createHash("sha256").update(one).digest("base64"));
      const known = new Map<string, Verdict>();
      const missing = new Map<string, number>();
      for (const [index, key] of keys.entries()) {
        const verdict = current.get(key) ?? previous.get(key);
        if (verdict) known.set(key, verdict);
        else if (!missing.has(key)) missing.set(key, index);
      }
      if (missing.size > 0) {
        const indexes = [...missing.values()];
        const judgement = await parser.judge(indexes.map((index) => texts[index]!), signal);
        if (!judgement.ok) return { ...judgement, at: indexes[judgement.at] ?? 0 };
        for (const [order, key] of [...missing.keys()].entries()) known.set(key, judgement.verdicts[order]!);
      }
      if (missing.size > 0 || known.size !== current.size) {
        previous = current;
        current = known;
      }
      return { ok: true, verdicts: keys.map((key) => known.get(key)!) };
    },
    warm: () => parser.warm(),
    kill: () => parser.kill(),
    [Symbol.asyncDispose]: () => parser[Symbol.asyncDispose](),
  };
}
