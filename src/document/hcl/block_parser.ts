// The items of a source judged one by one, each shape of them once: hcl2json sees the structure of an item with
// placeholders, and where it did nothing but hand them through, what was lifted out is put back. All else it sees as it
// is written, so that its complaints are its own, at the real places. An item that has a verdict keeps it.
import { openPace, type Pace } from "../../time/pace.ts";
import { type Item, rewriteItem } from "./dialect.ts";
import { type Filling, fillShape, type LiftedShape, liftShape, planFilling } from "./shape.ts";
import type { HclJson, HclVerdict } from "./hcl.ts";
import { DEFAULT_LIMITS, type Judgement, type LimitsLeft, openParser, type Parser } from "./parser.ts";

/** Judges the items of a source; disposing of it ends the parser that it opened. */
export interface BlockParser extends AsyncDisposable {
  /**
   * Verdicts on items in their order, which they have from now on; or which limit was exceeded at which item. Rejects only
   * with the signal's reason.
   */
  judge(text: string, items: readonly Item[], signal?: AbortSignal, pace?: Pace): Promise<Judgement>;
  /** What the last judging cost. */
  readonly work: ParsingWork;
  /** Prepares for a request that is expected soon. */
  warm(): void;
  /** Kills the parser at once and for good, for a program that ends without disposing. */
  kill(): void;
}

/** What one judging cost, in numbers that do not depend on the machine. */
export interface ParsingWork {
  /** Items of different texts that had no verdict. */
  readonly items: number;
  /** Shapes that hcl2json was asked for. */
  readonly shapesParsed: number;
  /** Items that hcl2json was given as they are written. */
  readonly textsParsed: number;
}

const NO_WORK: ParsingWork = { items: 0, shapesParsed: 0, textsParsed: 0 };

/** What is asked second has so much of the limit at the least. */
const LEAST_LIMIT_MILLISECONDS = 500;

/** An item without a verdict. */
interface UnknownItem {
  readonly index: number;
  readonly text: string;
  /** Null where it has no shape. */
  readonly lifted: Lifted | null;
  readonly shape: KnownShape | null;
}

/** What was lifted out of an item. */
type Lifted = Pick<LiftedShape, "names" | "values">;

/** What is remembered of a shape. */
interface KnownShape {
  /** Its HCL. */
  readonly text: string;
  /** Undefined until hcl2json was asked; null where it refused, and the items are asked for as they are. */
  filling: Filling | null | undefined;
  /** The number of the last judging that met it. */
  metBy: number;
}

/** A block parser over a parser of its own, or over the one given (which it then closes). */
export function openBlockParser(parser: Parser = openParser()): BlockParser {
  const shapes = openShapeMemory();
  let work = NO_WORK;

  return {
    async judge(text, items, signal, pace = openPace({ signal })) {
      const texts = new Map<Item, string>();
      const unknown = new Map<string, UnknownItem>();
      for (let index = 0; index < items.length; index++) {
        if (items[index]!.verdict !== null) continue;
        if (pace.isSpent()) await pace.rest();
        const rewritten = rewriteItem(text, items[index]!);
        texts.set(items[index]!, rewritten);
        if (unknown.has(rewritten)) continue;
        const lifted = liftShape(rewritten);
        const shape = lifted && shapes.meet(lifted.text);
        // Of the text of its shape each item has a copy, of which one will do.
        const kept = lifted && { names: lifted.names, values: lifted.values };
        unknown.set(rewritten, { index, text: rewritten, lifted: kept, shape });
      }
      const counts = { ...NO_WORK, items: unknown.size };
      work = counts;
      const asked = [...unknown.values()];
      const judged = await judgeUnknown(parser, asked, counts, pace, signal);
      shapes.sweep();
      if (!judged.ok) return judged;
      const found = new Map(asked.map((item, order) => [item.text, judged.verdicts[order]!]));
      for (const [item, rewritten] of texts) item.verdict = found.get(rewritten)!;
      return { ok: true, verdicts: items.map(({ verdict }) => verdict!) };
    },
    get work() {
      return work;
    },
    warm: () => parser.warm(),
    kill: () => parser.kill(),
    [Symbol.asyncDispose]: () => parser[Symbol.asyncDispose](),
  };
}

/** All shapes together may have so many units beside those that were met last. */
const MAX_SHAPE_UNITS = 1024 * 1024;

/** Shapes, those that were met last at the end. */
function openShapeMemory() {
  const shapes = new Map<string, KnownShape>();
  let units = 0;
  let number = 0;
  return {
    /** The shape with a text. */
    meet(text: string): KnownShape {
      const shape = shapes.get(text) ?? { text, filling: undefined, metBy: 0 };
      if (!shapes.delete(text)) units += text.length;
      shape.metBy = number;
      shapes.set(text, shape);
      return shape;
    },
    /** Ends a judging: forgets what was not met for the longest time. */
    sweep(): void {
      for (const [text, { metBy }] of shapes) {
        if (units <= MAX_SHAPE_UNITS || metBy === number) break;
        shapes.delete(text);
        units -= text.length;
      }
      number++;
    },
  };
}

/**
 * Verdicts on items in their order. Asks for shapes that are not known, and for what has none; then for what its shape
 * did not settle.
 */
async function judgeUnknown(
  parser: Parser,
  unknown: readonly UnknownItem[],
  counts: { shapesParsed: number; textsParsed: number },
  pace: Pace,
  signal?: AbortSignal,
): Promise<Judgement> {
  const deadline = performance.now() + DEFAULT_LIMITS.wallMilliseconds;
  const asked = new Set<KnownShape>();
  const first = unknown.filter(({ shape }) => {
    if (shape === null) return true;
    return shape.filling === undefined && asked.size < asked.add(shape).size;
  });
  counts.shapesParsed = asked.size;
  counts.textsParsed = first.length - asked.size;
  const answers = await ask(
    parser,
    first.map(({ index, text, shape }) => ({ index, text: shape?.text ?? text })),
    signal,
  );
  if (!answers.ok) return answers;
  const asWritten = new Map<UnknownItem, HclVerdict>();
  for (const [order, item] of first.entries()) {
    const verdict = answers.verdicts[order]!;
    if (item.shape === null) asWritten.set(item, verdict);
    else item.shape.filling = "value" in verdict ? planFilling(verdict.value, item.lifted!) : null;
  }
  const verdicts: (HclVerdict | null)[] = [];
  for (const item of unknown) {
    if (pace.isSpent()) await pace.rest();
    verdicts.push(asWritten.get(item) ?? filledVerdict(item));
  }
  const unsettled = unknown.filter((_, order) => verdicts[order] === null);
  counts.textsParsed += unsettled.length;
  // A load has one limit of each kind, however often it asks.
  const left = DEFAULT_LIMITS.timeMilliseconds - (answers.spentMilliseconds ?? 0);
  const rest = await ask(parser, unsettled, signal, {
    timeMilliseconds: Math.max(LEAST_LIMIT_MILLISECONDS, left),
    wallMilliseconds: deadline - performance.now(),
  });
  if (!rest.ok) return rest;
  let next = 0;
  return { ok: true, verdicts: verdicts.map((verdict) => verdict ?? rest.verdicts[next++]!) };
}

/** The verdict on an item by what its shape means; null where that settles nothing. */
function filledVerdict({ lifted, shape }: UnknownItem): HclVerdict | null {
  return shape?.filling == null ? null : new FilledVerdict(shape.filling, lifted!);
}

/** A meaning that is put together when somebody asks for it: those of ten thousand items are not needed at once. */
class FilledVerdict {
  constructor(private readonly filling: Filling, private readonly lifted: Lifted) {}

  get value(): HclJson {
    return fillShape(this.filling, this.lifted);
  }
}

/** One request, if there is anything to ask; a limit is reported at the item whose text exceeded it. */
async function ask(
  parser: Parser,
  asked: readonly { readonly index: number; readonly text: string }[],
  signal?: AbortSignal,
  left?: LimitsLeft,
): Promise<Judgement> {
  if (asked.length === 0) return { ok: true, verdicts: [] };
  const judgement = await parser.judge(asked.map(({ text }) => text), signal, left);
  return judgement.ok ? judgement : { ...judgement, at: asked[judgement.at]?.index ?? 0 };
}
