// The shape of an item: its text with every name and every value lifted out, so that ten thousand layers have a handful
// of shapes, and hcl2json need see each shape once. Only an item that a strict grammar understands to its last character
// has a shape: what is lifted is certain to be valid HCL, and its meaning is known; the structure is hcl2json's to judge.
import { atLineEnd, CHAR, type Cursor, openCursor, peek, skipBlanks } from "./cursor.ts";
import type { HclJson } from "./hcl.ts";
import { takePlainName, takePlainValue, takeQuotedName } from "./plain_values.ts";

/** An item as its structure and what was lifted out of it. */
export interface LiftedShape {
  /**
   * HCL of one spelling: no comments, names `n0`, `n1`, …, values `"0"`, `"1"`, … Equal names have equal numbers and
   * different names different ones, so that what HCL says of duplicates holds for the shape too.
   */
  readonly text: string;
  /** Names, block types and labels by their numbers. */
  readonly names: readonly string[];
  /** What hcl2json would give for each value, by its number. */
  readonly values: readonly HclJson[];
}

/** What is being read, and what was lifted so far. */
interface Lifting {
  readonly cursor: Cursor;
  readonly names: Map<string, number>;
  readonly values: HclJson[];
}

/** Lifts the shape out of the HCL of one item (which ends with its line end); null where the item has none. */
export function liftShape(text: string): LiftedShape | null {
  const lifting: Lifting = { cursor: openCursor(text), names: new Map(), values: [] };
  skipBlanks(lifting.cursor, true);
  const statement = takeStatement(lifting);
  if (statement === null) return null;
  skipBlanks(lifting.cursor, true);
  if (lifting.cursor.at < text.length) return null;
  return { text: statement, names: [...lifting.names.keys()], values: lifting.values };
}

/** An attribute or a block with the end of its line. */
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

/** The placeholder for a name that is taken. */
function placeholderFor({ names }: Lifting, name: string): string {
  let number = names.get(name);
  if (number === undefined) names.set(name, number = names.size);
  return `n${number}`;
}

// Puts what was lifted out of an item back into hcl2json's meaning of its shape. What comes out is what hcl2json would
// have said of the item itself: every value is used exactly once and nothing else is there, or nothing comes out. That
// is found out once for each shape; filling it then is only building.

/** Where in the meaning of a shape its names and values go, by their numbers. */
export type Filling = number | readonly Filling[] | FilledObject;

/** An object of names and values. */
export interface FilledObject {
  /** The numbers of the names. */
  readonly names: readonly number[];
  /** What stands under each. */
  readonly values: readonly Filling[];
}

/**
 * How items of a shape are filled; null where hcl2json did anything but hand the placeholders through: of a key twice it
 * keeps the last, and a block with the name of an attribute it drops.
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

/** Null where something is not a placeholder (its number is NaN then, which is below no bound), or one that was used. */
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

/** The meaning of an item. */
export function fillShape(filling: Filling, shape: Pick<LiftedShape, "names" | "values">): HclJson {
  if (typeof filling === "number") return shape.values[filling]!;
  if ("names" in filling) return filledObject(filling, shape);
  return filling.map((inside) => fillShape(inside, shape));
}

function filledObject({ names, values }: FilledObject, shape: Pick<LiftedShape, "names" | "values">): HclJson {
  return Object.fromEntries(names.map((name, index) => [shape.names[name]!, fillShape(values[index]!, shape)]));
}
