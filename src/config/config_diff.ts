// Compares two portable configurations block by block, and shows no secret: a secret that changed shows only that it
// did. A block that is the same object in both is not looked into, so the cost is that of the changes. The blocks hold
// all that a JSON Patch (RFC 6902) of the masked configurations needs.
import { maskAt, type MaskedObject, maskingConfigs } from "./masked_config.ts";
import type { MaskedJson } from "../diagnostic/secrets.ts";
import { openPace, type Pace } from "../time/pace.ts";
import { inTurns } from "../time/turns.ts";
import { type Config, isSame, PARTS_WITH_ENTRIES } from "./changes.ts";

/** Whether something is only in the second configuration, only in the first one, or in both with another value. */
export type Change = "added" | "removed" | "changed";

/** A setting of a block, with its masked values. */
export interface SettingDiff {
  /** The names that lead from the block to the setting; empty: the block is one value. */
  readonly path: readonly string[];
  readonly change: Change;
  /** Undefined if it was added. */
  readonly from?: MaskedJson;
  /** Undefined if it was removed. */
  readonly to?: MaskedJson;
  /** Whether only a secret in it changed, so that both masked values are the same. */
  readonly secretChanged: boolean;
}

/** A block that differs. */
export interface BlockDiff {
  readonly change: Change;
  /** As HCL calls the block: `layer`. */
  readonly type: string;
  /** The id of the block; null: its type has none. */
  readonly name: string | null;
  /** The names that lead to the block in a configuration: `["layers", "roads"]`. */
  readonly at: readonly string[];
  /** Of a changed block those that changed, of an added one all, of a removed one none. */
  readonly settings: readonly SettingDiff[];
}

/** The numbers of blocks that differ. */
export interface DiffCounts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** An operation of a JSON Patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: MaskedJson }
  | { readonly op: "remove"; readonly path: string };

/** The types of the blocks in the parts that have several; a part without a type here is named unchanged. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["dataSources", "data_source"],
  ["services", "service"],
  ["layers", "layer"],
  ["caches", "cache"],
  ["variables", "variable"],
  ["rateLimit", "rate_limit"],
]);

/** A portable configuration shows references to the environment, which hold no value. */
const MASKING = { keepReferences: true } as const;

/** Returns the blocks that differ, in the order of the second configuration, the removed ones of a part last. */
export function diffConfigs(from: Config, to: Config, pace: Pace = openPace()): Promise<readonly BlockDiff[]> {
  return inTurns(diffing(from, to), pace);
}

/** Counts blocks by their change. */
export function countBlocks(blocks: readonly BlockDiff[]): DiffCounts {
  const counts = { added: 0, removed: 0, changed: 0 };
  for (const { change } of blocks) counts[change]++;
  return counts;
}

function* diffing(from: Config, to: Config): Generator<void, readonly BlockDiff[]> {
  const differing: { readonly at: readonly string[]; readonly old: unknown; readonly current: unknown }[] = [];
  for (const { name: part, old, current } of differingMembers(from, to)) {
    if (!PARTS_WITH_ENTRIES.has(part) || !isObject(old) || !isObject(current)) {
      if (!isSame(old, current)) differing.push({ at: [part], old, current });
      continue;
    }
    for (const { name, ...values } of differingMembers(old, current)) {
      yield;
      if (!isSame(values.old, values.current)) differing.push({ at: [part, name], ...values });
    }
  }
  const [maskOld, maskCurrent] = yield* openMasks(from, to, differing.some(({ at }) => at[0] === "variables"));
  const blocks: BlockDiff[] = [];
  for (const { at, old, current } of differing) {
    yield;
    blocks.push(blockDiff(at, [old, current], [maskOld(at, old), maskCurrent(at, current)]));
  }
  return blocks;
}

type MaskBlock = (at: readonly string[], value: unknown) => MaskedJson | undefined;

/** Whether a variable is secret depends on the whole configurations, which are masked only if a variable differs. */
function* openMasks(from: Config, to: Config, withVariables: boolean): Generator<void, [MaskBlock, MaskBlock]> {
  const masked = withVariables ? yield* maskingConfigs([from, to], MASKING) : [];
  const maskOf = (whole: MaskedObject | undefined): MaskBlock => (at, value) => {
    if (value === undefined) return undefined;
    const [part, name] = at;
    if (part !== "variables" || whole === undefined) return maskAt(at, value, MASKING);
    return name === undefined ? whole[part] : (whole[part] as MaskedObject)[name];
  };
  return [maskOf(masked[0]), maskOf(masked[1])];
}

type Versions<T> = readonly [old: T, current: T];

function blockDiff(
  at: readonly string[],
  [old, current]: Versions<unknown>,
  [from, to]: Versions<MaskedJson | undefined>,
): BlockDiff {
  const [part, name = null] = at;
  const head = { type: TYPES.get(part!) ?? part!, name, at };
  if (to === undefined) return { change: "removed", ...head, settings: [] };
  if (from !== undefined) {
    return { change: "changed", ...head, settings: settingDiffs([], [old, current], [from, to]) };
  }
  const added = isObject(to) ? Object.entries(to).map(([name, value]) => ({ path: [name], to: value })) : [{
    path: [],
    to,
  }];
  return {
    change: "added",
    ...head,
    settings: added.map((one) => ({ ...one, change: "added", secretChanged: false })),
  };
}

/** Goes into objects, and into lists of objects of one length; other values that differ are one setting. */
function settingDiffs(
  path: readonly string[],
  [old, current]: Versions<unknown>,
  [from, to]: Versions<MaskedJson>,
): SettingDiff[] {
  if (isObject(old) && isObject(current) || areAlike(old, current)) {
    return differingMembers(old, current).flatMap(({ name, old, current }): SettingDiff[] => {
      if (isSame(old, current)) return [];
      const inside = [...path, name];
      const [before, after] = [memberOf(from, name), memberOf(to, name)] as Versions<MaskedJson | undefined>;
      if (before === undefined) {
        return [{ path: inside, change: "added", to: after as MaskedJson, secretChanged: false }];
      }
      if (after === undefined) return [{ path: inside, change: "removed", from: before, secretChanged: false }];
      return settingDiffs(inside, [old, current], [before, after]);
    });
  }
  return [{ path, change: "changed", from, to, secretChanged: isSame(from, to) }];
}

/** Whether two lists differ only within their items, which are objects or lists. */
function areAlike(one: unknown, other: unknown): boolean {
  return Array.isArray(one) && Array.isArray(other) && one.length === other.length &&
    one.every((item, at) => isContainer(item) && isContainer(other[at]));
}

function isContainer(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

interface Member {
  readonly name: string;
  /** Undefined: there is none. */
  readonly old: unknown;
  readonly current: unknown;
}

/** The members that are not the same object or value, in the order of the second object, those that are gone last. */
function differingMembers(before: unknown, after: unknown): Member[] {
  const members: Member[] = [];
  for (const name of Object.keys(after as object)) {
    const [old, current] = [memberOf(before, name), memberOf(after, name)];
    if (current !== undefined && old !== current) members.push({ name, old, current });
  }
  for (const name of Object.keys(before as object)) {
    const old = memberOf(before, name);
    if (old !== undefined && memberOf(after, name) === undefined) members.push({ name, old, current: undefined });
  }
  return members;
}

/** A member's value; undefined, which is no JSON value, if there is none. */
function memberOf(object: unknown, name: string): unknown {
  return Object.hasOwn(object as object, name) ? (object as Readonly<Record<string, unknown>>)[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Makes the JSON Patch by which the first masked configuration becomes the second. Libraries compare both texts again,
 * which takes up to 0.6 s for 10,000 layers; here the differences are known.
 */
export function* patchOf(blocks: readonly BlockDiff[]): Generator<PatchOperation, void> {
  for (const { change, at, settings } of blocks) {
    if (change === "removed") yield { op: "remove", path: pointerTo(at) };
    else if (change === "added") yield { op: "add", path: pointerTo(at), value: valueOf(settings) };
    else for (const setting of settings) if (!setting.secretChanged) yield operationOf(at, setting);
  }
}

function operationOf(at: readonly string[], { path, change, to }: SettingDiff): PatchOperation {
  const pointer = pointerTo([...at, ...path]);
  if (to === undefined) return { op: "remove", path: pointer };
  return { op: change === "added" ? "add" : "replace", path: pointer, value: to };
}

function valueOf(settings: readonly SettingDiff[]): MaskedJson {
  const [first] = settings;
  if (first?.path.length === 0) return first.to!;
  return Object.fromEntries(settings.map(({ path, to }) => [path[0]!, to!]));
}

/** RFC 6901. */
function pointerTo(path: readonly string[]): string {
  return path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
