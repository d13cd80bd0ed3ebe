// Puts what was lifted out of an item back into hcl2json's meaning of its shape. What comes out is what hcl2json would
// have said of the item itself: every value is used exactly once and nothing else is there, or nothing comes out. That
// is found out once for each shape; filling it then is only building.
import type { HclJson } from "./hcl.ts";
import type { Shape } from "./shape.ts";

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
export function planFilling(meaning: HclJson, { names, values }: Pick<Shape, "names" | "values">): Filling | null {
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
export function fillShape(filling: Filling, shape: Pick<Shape, "names" | "values">): HclJson {
  if (typeof filling === "number") return shape.values[filling]!;
  if ("names" in filling) return filledObject(filling, shape);
  return filling.map((inside) => fillShape(inside, shape));
}

function filledObject({ names, values }: FilledObject, shape: Pick<Shape, "names" | "values">): HclJson {
  return Object.fromEntries(names.map((name, index) => [shape.names[name]!, fillShape(values[index]!, shape)]));
}
