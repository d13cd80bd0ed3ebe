// One bounded read of a request's body: a limit on bytes and on time. Programs send JSON, the page sends forms.
import { createScanner } from "jsonc-parser";
import { shownText } from "../options/option_tree.ts";
import type { AdminLimits } from "./limits.ts";
import { invalid, type Problem } from "./problem.ts";

export type BodyRead<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

export type BodyLimits = Pick<AdminLimits, "bodyMilliseconds" | "maxBodyBytes">;

/**
 * Reads a body as JSON; an absent or blank one is undefined. Its Content-Type does not matter. An outermost object that
 * gives a member twice is refused: readers differ on which of the two counts (RFC 8259, section 4).
 */
export async function readJson(request: Request, limits: BodyLimits): Promise<BodyRead<unknown>> {
  const read = await readBytes(request, limits);
  if (!read.ok) return read;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(read.value);
  } catch {
    return malformed("The body is not valid UTF-8");
  }
  if (text.trim() === "") return { ok: true, value: undefined };
  const type = request.headers.get("Content-Type");
  if (type !== null && !/^application\/json[ \t]*(;|$)/i.test(type)) {
    const detail = "The body must be JSON, with Content-Type: application/json or none";
    return { ok: false, problem: { status: 415, code: "admin/not-json", detail } };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    return malformed("The body is not valid JSON");
  }
  const twice = repeatedMember(text);
  if (twice === null) return { ok: true, value };
  return invalidBody(`"${shownText(twice)}" is given twice`);
}

/** Reads a body as the fields of an HTML form. A name that comes twice is refused, as in JSON. */
export async function readForm(request: Request, limits: BodyLimits): Promise<BodyRead<ReadonlyMap<string, string>>> {
  const type = request.headers.get("Content-Type") ?? "";
  if (!/^application\/x-www-form-urlencoded[ \t]*(;|$)/i.test(type)) {
    const detail = "The body must be a form, with Content-Type: application/x-www-form-urlencoded";
    return { ok: false, problem: { status: 415, code: "admin/malformed", detail } };
  }
  const read = await readBytes(request, limits);
  if (!read.ok) return read;
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(read.value))) {
    if (fields.has(name)) return invalidBody(`"${shownText(name)}" is given twice`);
    fields.set(name, value);
  }
  return { ok: true, value: fields };
}

/** A name that the outermost object of valid JSON holds more than once; null: there is none. */
function repeatedMember(text: string): string | null {
  const scanner = createScanner(text, true);
  const names = new Set<string>();
  let depth = 0;
  let name = "";
  // The first character of a token shows its kind.
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text[scanner.getTokenOffset()];
    if (first === "{" || first === "[") depth++;
    if (first === "}" || first === "]") depth--;
    if (first === '"') name = scanner.getTokenValue();
    if (first !== ":" || depth !== 1) continue;
    if (names.has(name)) return name;
    names.add(name);
  }
  return null;
}

function malformed(detail: string): BodyRead<never> {
  return { ok: false, problem: { status: 400, code: "admin/malformed", detail } };
}

/** A body that is well-formed, but not valid. */
export function invalidBody(detail: string): BodyRead<never> {
  return { ok: false, problem: invalid(detail) };
}

async function readBytes(request: Request, limits: BodyLimits): Promise<BodyRead<Uint8Array<ArrayBuffer>>> {
  const { bodyMilliseconds, maxBodyBytes } = limits;
  if (Number(request.headers.get("Content-Length") ?? 0) > maxBodyBytes) return tooLarge(maxBodyBytes);
  const reader = request.body?.getReader();
  if (reader === undefined) return { ok: true, value: new Uint8Array() };
  const bytes = new Uint8Array(maxBodyBytes);
  let length = 0;
  let overdue = false;
  const end = () => void reader.cancel().catch(() => {});
  const timer = setTimeout(() => {
    overdue = true;
    end();
  }, bodyMilliseconds);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (overdue) return tooSlow(bodyMilliseconds);
      if (done) return { ok: true, value: bytes.subarray(0, length) };
      if (length + value.length > maxBodyBytes) {
        end();
        return tooLarge(maxBodyBytes);
      }
      bytes.set(value, length);
      length += value.length;
    }
  } catch {
    return overdue ? tooSlow(bodyMilliseconds) : malformed("The body ended early");
  } finally {
    clearTimeout(timer);
  }
}

/** The connection ends, because the rest of an unread body belongs to no further request. */
const LAST = { Connection: "close" } as const;

function tooLarge(maxBodyBytes: number): BodyRead<never> {
  const detail = `The body is larger than ${maxBodyBytes} bytes`;
  return { ok: false, problem: { status: 413, code: "admin/too-large", detail, headers: LAST } };
}

function tooSlow(bodyMilliseconds: number): BodyRead<never> {
  const detail = `The body did not arrive within ${bodyMilliseconds / 1000} s`;
  return { ok: false, problem: { status: 408, code: "admin/too-slow", detail, headers: LAST } };
}
