// Judges the items of a source one by one, each shape only once: hcl2json sees the structure of an item with
// placeholders, and if it only passes them through, the lifted names and values are put back. It sees every other item
// as written, so that its complaints are its own, at the real places. An item that has a verdict keeps it.
import { openPace, type Pace } from "../../time/pace.ts";
import { type Item, rewriteItem } from "./dialect.ts";
import { type Filling, fillShape, type LiftedShape, liftShape, planFilling } from "./shape.ts";
import type { HclJson, HclVerdict } from "./hcl.ts";
import { DEFAULT_LIMITS, type LimitsLeft, openParser, type Parser } from "./parser.ts";
import type { Judgement } from "./parser_process.ts";

/** Judges the items of a source; its disposal ends its parser. */
export interface BlockParser extends AsyncDisposable {
  /**
   * Returns verdicts in the order of the items, and stores them in the items; or the limit that was exceeded, and at
   * which item. Rejects only with the signal's reason.
   */
  judge(text: string, items: readonly Item[], signal?: AbortSignal, pace?: Pace): Promise<Judgement>;
  /** Of the last judging. */
  readonly work: ParsingWork;
  /** Prepares for a request that is expected soon. */
  warm(): void;
  /** Kills the parser at once and permanently, for a program that ends without disposal. */
  kill(): void;
}

/** The cost of one judging, in numbers that do not depend on the machine. */
export interface ParsingWork {
  /** Items without a verdict; items of one text count once. */
  readonly items: number;
  /** Shapes that hcl2json received. */
  readonly shapesParsed: number;
  /** Items that hcl2json received as written. */
  readonly textsParsed: number;
}

const NO_WORK: ParsingWork = { items: 0, shapesParsed: 0, textsParsed: 0 };

/** The second request of a load has at least this much of the time limit, however much the first one used. */
const LEAST_LIMIT_MILLISECONDS = 500;

interface UnknownItem {
  readonly index: number;
  readonly text: string;
  /** Null if the item has no shape. */
  readonly lifted: Lifted | null;
  readonly shape: KnownShape | null;
}

/** The names and values that were lifted out of an item. */
type Lifted = Pick<LiftedShape, "names" | "values">;

interface KnownShape {
  /** HCL. */
  readonly text: string;
  /** Undefined until hcl2json has judged the shape; null if it refused: then it judges the items as written. */
  filling: Filling | null | undefined;
  /** The number of the last judging that met the shape. */
  metBy: number;
}

/** Opens a block parser over a new parser, or over the argument; its disposal closes the parser in both cases. */
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
        // Each item would keep its own copy of its shape's text; one copy in the memory of shapes is enough.
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

/** The bound of all shapes together, in UTF-16 units; the shapes of the last judging stay even beyond it. */
const MAX_SHAPE_UNITS = 1024 * 1024;

/** Remembers shapes, in the order in which they were last met. */
function openShapeMemory() {
  const shapes = new Map<string, KnownShape>();
  let units = 0;
  let number = 0;
  return {
    /** Returns the known or a new shape with this text. */
    meet(text: string): KnownShape {
      const shape = shapes.get(text) ?? { text, filling: undefined, metBy: 0 };
      if (!shapes.delete(text)) units += text.length;
      shape.metBy = number;
      shapes.set(text, shape);
      return shape;
    },
    /** Ends a judging: forgets the shapes that were not met for the longest time. */
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
 * Returns verdicts in the order of the items. The first request has the unknown shapes and the items without a shape,
 * the second one the items that their shape did not settle.
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
  // A load has one limit of each kind, however many requests it makes.
  const left = DEFAULT_LIMITS.timeMilliseconds - (answers.spentMilliseconds ?? 0);
  const rest = await ask(parser, unsettled, signal, {
    timeMilliseconds: Math.max(LEAST_LIMIT_MILLISECONDS, left),
    wallMilliseconds: deadline - performance.now(),
  });
  if (!rest.ok) return rest;
  let next = 0;
  return { ok: true, verdicts: verdicts.map((verdict) => verdict ?? rest.verdicts[next++]!) };
}

/** Returns the verdict on an item from the meaning of its shape; null if that settles nothing. */
function filledVerdict({ lifted, shape }: UnknownItem): HclVerdict | null {
  return shape?.filling == null ? null : new FilledVerdict(shape.filling, lifted!);
}

/** A meaning that is put together on demand: the meanings of ten thousand items are not needed at once. */
class FilledVerdict {
  constructor(private readonly filling: Filling, private readonly lifted: Lifted) {}

  get value(): HclJson {
    return fillShape(this.filling, this.lifted);
  }
}

/** Makes one request, or none for no texts; an exceeded limit is reported at the item whose text exceeded it. */
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
