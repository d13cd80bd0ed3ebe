// The members of a request's body: names match in any case, as .NET reads them, and each has one kind. An unknown
// member is an error, so that a misspelt one is not ignored.
import { nearest } from "../diagnostic/suggest.ts";
import { shownText } from "../options/option_tree.ts";
import { type BodyLimits, type BodyRead, invalidBody, readJson } from "./request_body.ts";

/**
 * The kinds of members: a flag, a line of text of at most this many characters, a text of several lines, a whole number
 * in these bounds.
 */
export type MemberKind =
  | { readonly kind: "flag" }
  | { readonly kind: "line" | "text"; readonly maxLength: number }
  | { readonly kind: "count"; readonly min: number; readonly max: number };

export type MemberKinds = Readonly<Record<string, MemberKind>>;

/** The members that a body has. */
export type Members<K extends MemberKinds> = {
  readonly [M in keyof K]?: K[M]["kind"] extends "flag" ? boolean : K[M]["kind"] extends "count" ? number : string;
};

/** The longest name of a person. */
export const AUTHOR: MemberKind & { kind: "line" } = { kind: "line", maxLength: 64 };

/** The longest reason. */
export const REASON: MemberKind & { kind: "line" } = { kind: "line", maxLength: 200 };

/** Reads the members of a request's body. `what` names the request in messages. */
export async function readOrder<K extends MemberKinds>(
  request: Request,
  limits: BodyLimits,
  kinds: K,
  what = "this request",
): Promise<BodyRead<Members<K>>> {
  const body = await readJson(request, limits);
  return body.ok ? readMembers(body.value, kinds, what) : body;
}

/** Reads the members of a body; undefined has none. `what` names the request in messages. */
export function readMembers<K extends MemberKinds>(body: unknown, kinds: K, what: string): BodyRead<Members<K>> {
  if (body === undefined) return { ok: true, value: {} };
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return invalidBody("The body must be an object");
  }
  const names = Object.keys(kinds);
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const member = names.find((one) => one.toLowerCase() === name.toLowerCase());
    if (member === undefined) {
      const suggestion = nearest(name, names);
      const hint = suggestion === null ? `known are ${listed(names)}` : `did you mean ${suggestion}?`;
      return invalidBody(`"${shownText(name)}" is no member of ${what}: ${hint}`);
    }
    if (Object.hasOwn(found, member)) return invalidBody(`${member} is given twice`);
    if (value === null) continue;
    const wanted = troubleWith(kinds[member]!, value);
    if (wanted !== null) return invalidBody(`${member} must be ${wanted}`);
    found[member] = value;
  }
  return { ok: true, value: found as Members<K> };
}

/** The demand that a value does not meet; null: it meets all. */
function troubleWith(kind: MemberKind, value: unknown): string | null {
  switch (kind.kind) {
    case "flag":
      return typeof value === "boolean" ? null : "true or false";
    case "line": {
      const isLine = typeof value === "string" && value.trim() !== "" && value.length <= kind.maxLength &&
        !/[\p{Cc}\p{Cs}]/u.test(value);
      return isLine ? null : `one line of 1 to ${kind.maxLength} characters`;
    }
    case "text":
      return typeof value === "string" && value.length <= kind.maxLength && value.isWellFormed()
        ? null
        : `a text of at most ${kind.maxLength} characters`;
    case "count": {
      const isCount = Number.isInteger(value) && (value as number) >= kind.min && (value as number) <= kind.max;
      return isCount ? null : `a whole number from ${kind.min} to ${kind.max}`;
    }
  }
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
