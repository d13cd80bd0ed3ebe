// Settings that the schema does not know: the snapshot keeps them as written, at every depth, with one warning at the
// outermost unknown name. An unknown name is never an error.
import { nearest } from "../diagnostic/suggest.ts";
import type { Range } from "../diagnostic/range.ts";
import type { Entry, Role, Value } from "../document/document.ts";
import type { JsonObject } from "./json.ts";
import {
  absent,
  absentHere,
  assign,
  checkName,
  clip,
  emptyPair,
  evaluateOuter,
  listOf,
  portableOf,
  type PortablePair,
  readDeeper,
  type Reader,
} from "./reading.ts";
import { NOT_SUPPORTED } from "./rules_of_server_form.ts";
import type { Member, Members } from "./schema.ts";
import { type EvaluationMode, plain } from "./evaluation.ts";

/**
 * Reads a value without a schema, with the contents of lists and maps. The mode applies only to the value itself: the
 * server looks for bare names in texts and not in lists.
 */
export function readFree(reader: Reader, value: Value, path: string, mode: EvaluationMode = plain): PortablePair {
  const outer = evaluateOuter(reader, value, path, mode);
  if (outer === null) return absent;
  if (outer.kind === "scalar") {
    if (outer.isRefused) return absentHere(outer);
    const { value: resolved } = outer.constant;
    return { resolved, portable: portableOf(outer, resolved) };
  }
  return readDeeper(reader, path, value.range, () => {
    if (outer.kind === "fields") return readFreeEntries(reader, outer.entries, path, plain);
    const items = outer.items.map((item) => readFree(reader, item, path));
    return listOf(items);
  });
}

/** Reads entries without a schema; the values of a repeated name become a list. */
export function readFreeEntries(
  reader: Reader,
  entries: readonly Entry[],
  path: string,
  mode: EvaluationMode,
): PortablePair<JsonObject> {
  const pair = emptyPair();
  for (const [name, same] of byName(entries)) {
    const values = same.filter((entry) => checkName(reader, entry.name, path, entry.nameRange))
      .map((entry) => readFree(reader, entry.value, `${path}.${name}`, mode));
    if (values.length > 0) assign(pair, name, values.length === 1 ? values[0]! : listOf(values));
  }
  return pair;
}

/** The object that contains unknown names: its known names, and the keys that a reader must not confuse with them. */
export interface FreeSettingsContext {
  /** Null at the top of the file. */
  readonly path: string | null;
  /** The known members, for "did you mean": names in HCL and keys in JSON. */
  readonly members: readonly Pick<Member, "name" | "key">[];
  /** In lower case: a reader of the snapshot ignores the case of names. */
  readonly reserved: ReadonlySet<string>;
}

/** Warns about an unknown name; returns whether the snapshot may contain it. */
export function admitUnknown(
  reader: Reader,
  name: string,
  range: Range,
  { path, members, reserved }: FreeSettingsContext,
  role?: Role,
): boolean {
  const carried = !reserved.has(name.toLowerCase());
  // Only a JSON source sets roles, so that the advice uses the names of the source's format.
  const known = members.map((member) => role === undefined ? member.name : member.key);
  const near = nearest(name, known);
  const shown = clip(name);
  reader.findings.warning(
    NOT_SUPPORTED,
    carried ? `Unknown setting ${shown}` : `Unknown setting ${shown}, which is left out of the snapshot`,
    path === null ? name : `${path}.${name}`,
    range,
    {
      why: carried
        ? "Honua's configuration has no such setting here: the snapshot keeps it as it is, the server's file leaves it out"
        : "Its name, but for upper and lower case, is that of a member which the snapshot has here",
      suggestion: near === null ? null : `Did you mean ${near}?`,
    },
  );
  return carried && checkName(reader, name, path ?? name, range);
}

/** The keys of an object in the snapshot, in lower case; blocks also have an `id`. */
export function reservedKeys(members: Members): Set<string> {
  return new Set(["id", ...[...members.values()].map((member) => member.key.toLowerCase())]);
}

/** Reads unknown entries into the object, with a warning for each name. */
export function readUnknown(
  reader: Reader,
  unknown: readonly Entry[],
  context: FreeSettingsContext,
  into: PortablePair<JsonObject>,
): void {
  for (const [name, same] of byName(unknown)) {
    const path = `${context.path}.${name}`;
    const carried = admitUnknown(reader, name, same[0]!.nameRange, context, same[0]!.role);
    const values = same.map((entry) => readFree(reader, entry.value, path));
    if (carried) assign(into, name, values.length === 1 ? values[0]! : listOf(values));
  }
}

/** Groups entries by name, in the order of the first entry of each name. */
function byName(entries: readonly Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.name);
    if (group === undefined) groups.set(entry.name, [entry]);
    else group.push(entry);
  }
  return groups;
}
