// The items of a source judged one by one, each shape of them once: hcl2json sees the structure of an item with
// placeholders, and where it did nothing but hand them through, what was lifted out is put back. All else it sees as it
// is written, so that its complaints are its own, at the real places. Items and shapes are remembered by hashes of their
// text, those of the last two documents and nothing older, so that a source caught half-written forgets nothing.
import { createHash } from "node:crypto";
import type { Item } from "./dialect.ts";
import { rewriteItem } from "./dialect.ts";
import { fillShape } from "./filling.ts";
import type { HclJson, Verdict } from "./hcl.ts";
import { DEFAULT_LIMITS, type Judgement, openParser, type Parser } from "./parser.ts";
import { liftShape, type Shape } from "./shape.ts";

/** Judges the items of a source; disposing of it ends the parser that it opened. */
export interface BlockParser extends AsyncDisposable {
  /**
   * Verdicts on items in their order; or which limit was exceeded at which item. Rejects only with the signal's reason.
   */
  judge(text: string, items: readonly Item[], signal?: AbortSignal): Promise<Judgement>;
  /** What the last judging cost. */
  readonly work: ParsingWork;
  /** Prepares for a request that is expected soon. */
  warm(): void;
  /** Kills the parser at once and for good, for a program that ends without disposing. */
  kill(): void;
}

/** What one judging cost, in numbers that do not depend on the machine. */
export interface ParsingWork {
  /** Items whose verdicts were not remembered. */
  readonly items: number;
  /** Shapes that hcl2json was asked for. */
  readonly shapesParsed: number;
  /** Items that hcl2json was given as they are written. */
  readonly textsParsed: number;
}

/** What is asked second has so much of the limit at the least. */
const LEAST_LIMIT_MILLISECONDS = 500;

/** What is known of one document. */
interface Memory {
  /** By the hash of an item's HCL. */
  readonly items: ReadonlyMap<string, RememberedItem>;
  /** What each shape means, by the hash of its text; null where it was refused, and its items are asked for as they are. */
  readonly shapes: ReadonlyMap<string, HclJson | null>;
}

interface RememberedItem {
  readonly verdict: Verdict;
  /** The key of the shape; null where there is none. */
  readonly shapeKey: string | null;
}

/** An item that is not remembered. */
interface UnknownItem {
  readonly index: number;
  readonly text: string;
  readonly shape: Shape | null;
  readonly shapeKey: string | null;
}

/** A block parser over a parser of its own, or over the one given (which it then closes). */
export function openBlockParser(parser: Parser = openParser()): BlockParser {
  let current: Memory = { items: new Map(), shapes: new Map() };
  let previous = current;
  let work: ParsingWork = { items: 0, shapesParsed: 0, textsParsed: 0 };

  return {
    async judge(text, items, signal) {
      const texts = items.map((item) => rewriteItem(text, item));
      const keys = texts.map(hashOf);
      const known = new Map<string, RememberedItem>();
      const unknown = new Map<string, UnknownItem>();
      const shapeKeyOf = rememberHashes();
      for (const [index, key] of keys.entries()) {
        const remembered = current.items.get(key) ?? previous.items.get(key);
        if (remembered) known.set(key, remembered);
        else if (!unknown.has(key)) unknown.set(key, unknownItem(texts[index]!, index, shapeKeyOf));
      }
      const shapes = shapesOf([...known.values(), ...unknown.values()], [current.shapes, previous.shapes]);
      const counts = { items: unknown.size, shapesParsed: 0, textsParsed: 0 };
      work = counts;
      const judged = await judgeUnknown(parser, [...unknown.values()], shapes, counts, signal);
      if (!judged.ok) return judged;
      for (const [order, [key, { shapeKey }]] of [...unknown].entries()) {
        known.set(key, { verdict: judged.verdicts[order]!, shapeKey });
      }
      if (unknown.size > 0 || known.size !== current.items.size) {
        previous = current;
        current = { items: known, shapes };
      }
      return { ok: true, verdicts: keys.map((key) => known.get(key)!.verdict) };
    },
    get work() {
      return work;
    },
    warm: () => parser.warm(),
    kill: () => parser.kill(),
    [Symbol.asyncDispose]: () => parser[Symbol.asyncDispose](),
  };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

/** `hashOf` for texts of which many are the same. */
function rememberHashes(): (text: string) => string {
  const hashes = new Map<string, string>();
  return (text) => {
    let hash = hashes.get(text);
    if (hash === undefined) hashes.set(text, hash = hashOf(text));
    return hash;
  };
}

function unknownItem(text: string, index: number, shapeKeyOf: (text: string) => string): UnknownItem {
  const shape = liftShape(text);
  return { index, text, shape, shapeKey: shape && shapeKeyOf(shape.text) };
}

/** What is remembered of the shapes of these items. */
function shapesOf(
  items: readonly { readonly shapeKey: string | null }[],
  memories: readonly ReadonlyMap<string, HclJson | null>[],
): Map<string, HclJson | null> {
  const shapes = new Map<string, HclJson | null>();
  for (const { shapeKey } of items) {
    if (shapeKey === null || shapes.has(shapeKey)) continue;
    const memory = memories.find((one) => one.has(shapeKey));
    if (memory) shapes.set(shapeKey, memory.get(shapeKey)!);
  }
  return shapes;
}

/**
 * Verdicts on items in their order. Asks for shapes that are not known, and for what has none; then for what its shape
 * did not settle. Adds to `shapes` what they mean.
 */
async function judgeUnknown(
  parser: Parser,
  unknown: readonly UnknownItem[],
  shapes: Map<string, HclJson | null>,
  counts: { shapesParsed: number; textsParsed: number },
  signal?: AbortSignal,
): Promise<Judgement> {
  const asked = new Set<string>();
  const first = unknown.filter(({ shapeKey }) => {
    if (shapeKey === null) return true;
    return !shapes.has(shapeKey) && asked.size < asked.add(shapeKey).size;
  });
  counts.shapesParsed = asked.size;
  counts.textsParsed = first.length - asked.size;
  const begun = performance.now();
  const answers = await ask(
    parser,
    first.map(({ index, text, shape }) => ({ index, text: shape?.text ?? text })),
    signal,
  );
  if (!answers.ok) return answers;
  const verdicts: (Verdict | undefined)[] = [];
  const asWritten = new Map<UnknownItem, Verdict>();
  for (const [order, item] of first.entries()) {
    const verdict = answers.verdicts[order]!;
    if (item.shapeKey === null) asWritten.set(item, verdict);
    else shapes.set(item.shapeKey, "value" in verdict ? verdict.value : null);
  }
  const unsettled: UnknownItem[] = [];
  for (const [order, item] of unknown.entries()) {
    verdicts[order] = asWritten.get(item) ?? filledVerdict(item, shapes);
    if (!verdicts[order]) unsettled.push(item);
  }
  counts.textsParsed += unsettled.length;
  // A load has one limit, however often it asks.
  const left = Math.max(LEAST_LIMIT_MILLISECONDS, DEFAULT_LIMITS.timeMilliseconds - (performance.now() - begun));
  const rest = await ask(parser, unsettled, signal, left);
  if (!rest.ok) return rest;
  let next = 0;
  return { ok: true, verdicts: verdicts.map((verdict) => verdict ?? rest.verdicts[next++]!) };
}

/** The verdict on an item by what its shape means; undefined where that settles nothing. */
function filledVerdict(
  { shape, shapeKey }: UnknownItem,
  shapes: ReadonlyMap<string, HclJson | null>,
): Verdict | undefined {
  const meaning = shapeKey === null ? null : shapes.get(shapeKey) ?? null;
  if (shape === null || meaning === null) return undefined;
  const value = fillShape(meaning, shape);
  return value === null ? undefined : { value };
}

/** One request, if there is anything to ask; a limit is reported at the item whose text exceeded it. */
async function ask(
  parser: Parser,
  asked: readonly { readonly index: number; readonly text: string }[],
  signal?: AbortSignal,
  limitMilliseconds?: number,
): Promise<Judgement> {
  if (asked.length === 0) return { ok: true, verdicts: [] };
  const judgement = await parser.judge(asked.map(({ text }) => text), signal, limitMilliseconds);
  return judgement.ok ? judgement : { ...judgement, at: asked[judgement.at]?.index ?? 0 };
}
