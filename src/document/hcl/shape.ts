// The shape of an item: its text with every name and value lifted out. Ten thousand layers have a handful of shapes,
// and hcl2json needs to see each shape only once. Only an item that a strict grammar accepts to its last character has
// a shape: its names and values are valid HCL with a known meaning, and hcl2json judges the structure.
import { atLineEnd, CHAR, type Cursor, openCursor, peek, skipBlanks } from "./cursor.ts";
import type { HclJson } from "./hcl.ts";
import { takePlainName, takePlainValue, takeQuotedName } from "./plain_values.ts";

/** An item as its structure, and the names and values that were lifted out of it. */
export interface LiftedShape {
  /**
   * HCL in one spelling: no comments, names `n0`, `n1`, …, values `"0"`, `"1"`, … Equal names have equal numbers and
   * different names different ones, so that HCL finds the same duplicates in the shape as in the item.
   */
  readonly text: string;
  /** Names, block types and labels by their numbers. */
  readonly names: readonly string[];
  /** The result of hcl2json for each value, by its number. */
  readonly values: readonly HclJson[];
}

interface Lifting {
  readonly cursor: Cursor;
  readonly names: Map<string, number>;
  readonly values: HclJson[];
}

/** Lifts the shape out of the HCL of one item (which ends with its line end); null if the item has none. */
export function liftShape(text: string): LiftedShape | null {
  const lifting: Lifting = { cursor: openCursor(text), names: new Map(), values: [] };
  skipBlanks(lifting.cursor, true);
  const statement = takeStatement(lifting);
  if (statement === null) return null;
  skipBlanks(lifting.cursor, true);
  if (lifting.cursor.at < text.length) return null;
  return { text: statement, names: [...lifting.names.keys()], values: lifting.values };
}

/** An attribute or a block, up to the end of its line. */
function takeStatement(lifting: Lifting): string | null {
  const { cursor } = lifting;
  const name = takePlainName(cursor);
  if (name === null) return null;
  const placeholder = placeholderFor(lifting, name);
  skipBlanks(cursor, false);
  let rest: string | null;
  if (peek(cursor) === CHAR.equals) {
    cursor.at++;
    skipBlanks(cursor, false);
    const value = takePlainValue(cursor);
    rest = value === undefined ? null : ` = "${lifting.values.push(value) - 1}"\n`;
  } else rest = takeBlock(lifting);
  if (rest === null) return null;
  skipBlanks(cursor, false);
  return atLineEnd(cursor) ? placeholder + rest : null;
}

/** The labels and the body of a block. */
function takeBlock(lifting: Lifting): string | null {
  const { cursor } = lifting;
  let labels = "";
  while (peek(cursor) !== CHAR.openBrace) {
    const quoted = peek(cursor) === CHAR.quote;
    const label = quoted ? takeQuotedName(cursor) : takePlainName(cursor);
    if (label === null) return null;
    labels += quoted ? ` "${placeholderFor(lifting, label)}"` : ` ${placeholderFor(lifting, label)}`;
    skipBlanks(cursor, false);
  }
  cursor.at++;
  let body = "";
  const onNextLine = skipBlanks(cursor, true);
  while (peek(cursor) !== CHAR.closeBrace) {
    const statement = onNextLine ? takeStatement(lifting) : null;
    if (statement === null) return null;
    body += statement;
    skipBlanks(cursor, true);
  }
  cursor.at++;
  return `${labels} {\n${body}}\n`;
}

function placeholderFor({ names }: Lifting, name: string): string {
  let number = names.get(name);
  if (number === undefined) names.set(name, number = names.size);
  return `n${number}`;
}

// Filling puts names and values back into the meaning of a shape. The result is the meaning that hcl2json would give
// for the item itself: a plan exists only if every value occurs exactly once and nothing else does. This is checked
// once for each shape.

/** The meaning of a shape, with numbers in place of its names and values. */
export type Filling = number | readonly Filling[] | FilledObject;

/** An object in the meaning of a shape. */
export interface FilledObject {
  /** By their numbers. */
  readonly names: readonly number[];
  /** The value of each name, in the same order. */
  readonly values: readonly Filling[];
}

/**
 * Plans how items of a shape are filled; null if hcl2json did anything except pass the placeholders through: it keeps
 * only the last of two equal keys, and drops a block with the name of an attribute.
 */
export function planFilling(
  meaning: HclJson,
  { names, values }: Pick<LiftedShape, "names" | "values">,
): Filling | null {
  const used = new Set<number>();
  const filling = planOf(meaning, names.length, values.length, used);
  return used.size === values.length ? filling : null;
}

const NAME = /^n(0|[1-9][0-9]*)$/;
const VALUE = /^(0|[1-9][0-9]*)$/;

/** Null if something is not a placeholder (its number is NaN then, which is below no bound), or was used already. */
function planOf(json: HclJson, names: number, values: number, used: Set<number>): Filling | null {
  if (typeof json === "string") {
    const number = Number(VALUE.exec(json)?.[1]);
    return number < values && used.size !== used.add(number).size ? number : null;
  }
  if (json === null || typeof json !== "object") return null;
  const inside: Filling[] = [];
  for (const value of Object.values(json)) {
    const filling = planOf(value, names, values, used);
    if (filling === null) return null;
    inside.push(filling);
  }
  if (Array.isArray(json)) return inside;
  const numbers = Object.keys(json).map((key) => Number(NAME.exec(key)?.[1]));
  return numbers.every((number) => number < names) ? { names: numbers, values: inside } : null;
}

/** Returns the meaning of an item. */
export function fillShape(filling: Filling, shape: Pick<LiftedShape, "names" | "values">): HclJson {
  if (typeof filling === "number") return shape.values[filling]!;
  if ("names" in filling) return filledObject(filling, shape);
  return filling.map((inside) => fillShape(inside, shape));
}

function filledObject({ names, values }: FilledObject, shape: Pick<LiftedShape, "names" | "values">): HclJson {
  return Object.fromEntries(names.map((name, index) => [shape.names[name]!, fillShape(values[index]!, shape)]));
}
