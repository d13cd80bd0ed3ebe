// Settings as one source wrote them, as a tree under names in any case, each name and value with where it was written.
// Nothing is checked against the schema here but what kind of thing stands where; names are map keys, never properties.
import type { Place } from "../diagnostic/diagnostic.ts";

/** Where a name or value was written. */
export type Origin =
  | { readonly kind: "file"; readonly place: Place }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "flag"; readonly flag: string };

/** A single value; what has members or items is a node with children. */
export type Scalar = string | number | boolean | null;

/** What a setting is given as: a single value, or the braces or brackets whose content follows as further settings. */
export type Written = { readonly value: Scalar } | { readonly form: "group" | "list" };

/** The value or form that a name was given, and its place. */
export interface Given {
  /** The value, or the form of the settings under the name. */
  readonly what: Written;
  /** Where it is written. */
  readonly origin: Origin;
}

/** A name with its value or with what stands under it. */
export interface OptionNode {
  /** As it was written; of the root, empty. */
  readonly name: string;
  /** Where the name first appeared. */
  readonly nameOrigin: Origin | null;
  /** What the name itself was given; undefined where only something below it was. */
  written: Given | undefined;
  /** By name in lower case. */
  readonly children: Map<string, OptionNode>;
}

/** A setting as one source wrote it. */
export interface Setting {
  /** Names from the section down. */
  readonly path: readonly string[];
  /** Where the last name stands. */
  readonly nameOrigin: Origin;
  /** What it is set to. */
  readonly what: Written;
  /** Where it is written. */
  readonly valueOrigin: Origin;
}

/** No known setting has a path as long as this; what lies deeper is cut, so that no walk over a tree runs deep. */
export const MAX_DEPTH = 16;

/** An empty tree. */
export function emptyTree(): OptionNode {
  return newNode("", null);
}

function newNode(name: string, nameOrigin: Origin | null): OptionNode {
  return { name, nameOrigin, written: undefined, children: new Map() };
}

/**
 * Puts a setting in its place, over what was there. Returns what the same setting was given before, or null.
 * `Hooks:0` is `Hooks:List:0`, so that hooks may be a bare list in every source.
 */
export function putSetting(root: OptionNode, setting: Setting): Given | null {
  let node = root;
  for (const name of canonicalPath(setting).slice(0, MAX_DEPTH)) {
    const key = name.toLowerCase();
    const child = node.children.get(key) ?? newNode(name, setting.nameOrigin);
    node.children.set(key, child);
    node = child;
  }
  const before = node.written ?? null;
  node.written = { what: setting.what, origin: setting.valueOrigin };
  return before;
}

function canonicalPath({ path, what }: Setting): readonly string[] {
  const [first, second] = path;
  if (first?.toLowerCase() !== "hooks") return path;
  const bareList = second === undefined ? "form" in what && what.form === "list" : /^\d+$/.test(second);
  return bareList ? [first, "List", ...path.slice(1)] : path;
}

/**
 * Both trees as one in which `high` wins. A single value wins over everything under the same name, and what stands
 * under a name wins over a single value; lists are merged item by item, as .NET's configuration does.
 */
export function mergeTrees(low: OptionNode, high: OptionNode): OptionNode {
  if (givenValue(high) !== undefined) return high;
  if (givenValue(low) !== undefined && (high.written !== undefined || high.children.size > 0)) return high;
  const children = new Map(low.children);
  for (const [key, child] of high.children) {
    const below = children.get(key);
    children.set(key, below === undefined ? child : mergeTrees(below, child));
  }
  return { ...high, nameOrigin: high.nameOrigin ?? low.nameOrigin, written: high.written ?? low.written, children };
}

/** The single value that a node was given; JSON's null gives nothing. */
export function givenValue(node: OptionNode): Exclude<Scalar, null> | undefined {
  const what = node.written?.what;
  return what !== undefined && "value" in what ? what.value ?? undefined : undefined;
}

/** Where a node is best pointed at: its value, else its name. */
export function originOf(node: OptionNode): Origin | null {
  return node.written?.origin ?? node.nameOrigin;
}

/** Text that a person wrote, on one line and at most 80 characters of it. */
export function shownText(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return cut.toWellFormed().replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
