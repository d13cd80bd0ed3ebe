// The record of an instance, which the others read: JSON of a bounded size under the instance's peer key. It is read
// strictly, since any client can write there, and holds no secret.
import * as z from "zod";
import type { SyncStateKind } from "../agreement/agreement.ts";
import { isGeneration, isHash } from "../agreement/head.ts";
import { oneLine } from "../agreement/one_line.ts";
import { type JournalMark, MAX_NOTED, type NotedJournal } from "./journal_notes.ts";

/** A configuration that an instance rejected. */
export interface Rejection {
  /** Of the portable config; if the source did not parse, the SHA-256 of its bytes. */
  readonly hash: string;
  /** The head's generation at that moment; null: none was known. */
  readonly generation: number | null;
  /** One masked line, at most {@linkcode MAX_WHY_LENGTH} characters. */
  readonly why: string;
  /** The moment in ISO 8601, by the instance's clock. */
  readonly at: string;
}

/** The record of an instance. */
export interface PeerRecord {
  /** `HighAvailability:InstanceName`. */
  readonly instance: string;
  /** Random for each process: 12 hex digits, and a UUID up to version 0.1. */
  readonly incarnation: string;
  /** Of honua-configd. */
  readonly version: string;
  /** Of the config in force; null: none yet. */
  readonly hash: string | null;
  /** The generation that it agreed with last; null: none. */
  readonly generation: number | null;
  readonly standing: SyncStateKind;
  /** Null: the source is the config in force. */
  readonly rejected: Rejection | null;
  /** The release in force, by its number there; null: none is known. Up to version 0.1 absent. */
  readonly release?: PeerRelease | null;
  /**
   * Why its source, which is valid, is not in force: see {@linkcode HeldBack}; null: it is. Up to version 0.1 absent.
   */
  readonly heldBack?: HeldBack | null;
  /**
   * Why it takes up no other configuration now, in one masked line of at most {@linkcode MAX_WHY_LENGTH} characters;
   * absent: no reason but those in `rejected` and `heldBack` is known.
   */
  readonly hindrance?: string;
  /** When the config in force came into force, in ISO 8601; null: none is, or it is not known. Up to 0.1 absent. */
  readonly since?: string | null;
  /** Null: not known. Up to version 0.1 absent. */
  readonly hooks?: PeerHooks | null;
  /** Present if it takes part in rollouts; absent up to version 0.1. */
  readonly stages?: true;
  /** Present if it is among the first of a rollout. */
  readonly canary?: true;
  /** The newest line of its journal; null: it has none yet. Up to version 0.1 absent. */
  readonly journal?: JournalMark | null;
  /** Its notes of other instances' journals, at most {@linkcode MAX_NOTED}. */
  readonly noted?: readonly NotedJournal[];
  /** The moment of writing in ISO 8601, by the instance's clock. */
  readonly at: string;
}

/** The states of a release in force. */
export const PEER_RELEASE_STATES = ["running", "baking", "healthy", "failed", "rolled-back"] as const;

/** A release in force; `rolled-back`: a rollback is to replace it. */
export interface PeerRelease {
  readonly number: number;
  readonly state: typeof PEER_RELEASE_STATES[number];
}

/** The hooks of an instance that are not done. */
export interface PeerHooks {
  /** How many run, or wait for their turn, and have not failed. */
  readonly waiting: number;
  /** The names of those whose last try failed: the first {@linkcode MAX_FAILED_HOOKS}, in the order of the options. */
  readonly failed: readonly string[];
}

/** Why a valid source is not in force. */
export const HELD_BACK = ["rolled-back", "frozen", "staged", "overtaken", "taken-back", "unapproved"] as const;

/**
 * `rolled-back`: a rollback took the source back; `frozen`: changes are held; `staged`: its rollout does not let this
 * host in yet; `overtaken`: another change of the fleet took its place; `taken-back`: and that
 * was taken back on this host; `unapproved`: approvals of it are missing.
 */
export type HeldBack = typeof HELD_BACK[number];

/** An instance as the cluster knows it, this one included. */
export interface Peer extends PeerRecord {
  /** Whether the record is that of the process that asks. */
  readonly self: boolean;
}

/** The longest reason of a rejection, in characters. */
export const MAX_WHY_LENGTH = 300;

/** The longest name of an instance, in characters; a host's name has at most 64 on Linux (HOST_NAME_MAX, limits.h). */
export const MAX_INSTANCE_LENGTH = 128;

/** The records of further peers are not read. */
export const MAX_PEERS = 1_000;

/** The most names of failed hooks. */
export const MAX_FAILED_HOOKS = 3;

/** The longest name of a hook, in characters. */
const MAX_HOOK_LENGTH = 64;

export const MAX_RECORD_BYTES = 4_096;

const line = (maxLength: number) => z.string().max(maxLength).regex(/^[^\p{Cc}\p{Cs}]+$/u);
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/);

const hash = z.custom<string>(isHash);
const generation = z.custom<number>(isGeneration);
const mark = z.object({ n: z.int().min(1), digest: hash });

/** Unknown members are left out: a later version may write more. */
const recordSchema = z.object({
  instance: line(MAX_INSTANCE_LENGTH),
  incarnation: line(64),
  version: line(64),
  hash: hash.nullable(),
  generation: generation.nullable(),
  standing: z.enum(["unknown", "agreed", "settling", "diverged"]),
  rejected: z.object({
    hash,
    generation: generation.nullable(),
    why: line(MAX_WHY_LENGTH),
    at: time,
  }).nullable(),
  held: z.boolean().optional(),
  release: z.object({ number: z.int().min(1), state: z.enum(PEER_RELEASE_STATES) }).nullable().catch(null)
    .exactOptional(),
  heldBack: z.enum(HELD_BACK).nullable().catch(null).exactOptional(),
  hindrance: line(MAX_WHY_LENGTH).optional().catch(undefined),
  since: time.nullable().catch(null).exactOptional(),
  hooks: z.object({ waiting: z.int().min(0), failed: z.array(line(MAX_HOOK_LENGTH)).max(MAX_FAILED_HOOKS) })
    .nullable().catch(null).exactOptional(),
  stages: z.unknown().optional(),
  canary: z.unknown().optional(),
  journal: mark.nullable().exactOptional(),
  noted: z.array(mark.extend({ instance: line(MAX_INSTANCE_LENGTH) })).max(MAX_NOTED).exactOptional(),
  at: time,
});

/**
 * Returns the stored form of a record, at most {@linkcode MAX_RECORD_BYTES}: a reason and names are cut off at their
 * limits, control characters in them become spaces, and notes for which there is no room are left out.
 */
export function encodePeer(record: PeerRecord): string {
  const { incarnation, version, hash, generation, standing, rejected, release, heldBack, journal, at } = record;
  const { hindrance, since, hooks, stages, canary, noted = [] } = record;
  const named = noted.slice(0, MAX_NOTED).map(({ instance, n, digest }) => ({
    instance: oneLine(instance, MAX_INSTANCE_LENGTH),
    n,
    digest,
  }));
  for (;;) {
    const text = JSON.stringify({
      instance: oneLine(record.instance, MAX_INSTANCE_LENGTH),
      incarnation,
      version,
      hash,
      generation,
      // Version 0.1 takes a record with another standing for none.
      standing: standing === "held" ? "unknown" : standing,
      held: standing === "held" ? true : undefined,
      rejected: rejected === null ? null : {
        hash: rejected.hash,
        generation: rejected.generation,
        why: oneLine(rejected.why, MAX_WHY_LENGTH),
        at: rejected.at,
      },
      release: release && { number: release.number, state: release.state },
      heldBack,
      hindrance: hindrance && oneLine(hindrance, MAX_WHY_LENGTH),
      since,
      hooks: hooks && {
        waiting: hooks.waiting,
        failed: hooks.failed.slice(0, MAX_FAILED_HOOKS).map((name) => oneLine(name, MAX_HOOK_LENGTH)),
      },
      stages,
      canary,
      journal: journal && { n: journal.n, digest: journal.digest },
      noted: named.length === 0 ? undefined : named,
      at,
    });
    if (named.length === 0 || new TextEncoder().encode(text).length <= MAX_RECORD_BYTES) return text;
    named.pop();
  }
}

/** Returns the id of a process in the index of peers and in the key of its record. */
export function peerId({ instance, incarnation }: Pick<PeerRecord, "instance" | "incarnation">): string {
  return `${oneLine(instance, MAX_INSTANCE_LENGTH)}:${incarnation}`;
}

/**
 * Parses the value of a peer's key; null: it is no record.
 *
 * @param id the owner by the key: its {@linkcode peerId} or, up to version 0.1, its name. Another's record counts as
 * none.
 */
export function parsePeer(text: string, id?: string): PeerRecord | null {
  if (text.length > MAX_RECORD_BYTES) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = recordSchema.safeParse(json);
  if (!parsed.success) return null;
  const { held = false, stages, canary, hindrance, standing, ...others } = parsed.data;
  const record: PeerRecord = {
    ...others,
    standing: held && standing === "unknown" ? "held" : standing,
    ...(hindrance !== undefined && { hindrance }),
    ...(stages === true && { stages }),
    ...(canary === true && { canary }),
  };
  return id === undefined || id === peerId(record) || id === record.instance ? record : null;
}

/** The instances that run one hash. */
export interface Run {
  /** Null: they run nothing yet. */
  readonly hash: string | null;
  readonly instances: readonly string[];
}

/** The hash of each peer. They agree if there is at most one hash, and no name has several peers. */
export interface PeersVerdict {
  /** Names that several peers have, sorted: it is not known which of them are alive. */
  readonly namesakes: readonly string[];
  /** The most frequent hash comes first; if several are as frequent, the lower one, and null last. */
  readonly runs: readonly Run[];
}

/** Compares the hashes of the peers. Their `standing` does not matter. */
export function judgePeers(peers: Iterable<Pick<PeerRecord, "instance" | "hash">>): PeersVerdict {
  const all = [...peers];
  const byHash = new Map<string | null, string[]>();
  for (const { instance, hash } of all) {
    const instances = byHash.get(hash);
    if (instances) instances.push(instance);
    else byHash.set(hash, [instance]);
  }
  // They are sorted as texts: "null" comes after each hash.
  const hashes = [...byHash.keys()].sort();
  const runs = hashes.map((hash): Run => ({ hash, instances: byHash.get(hash)!.sort() }));
  runs.sort((left, right) => right.instances.length - left.instances.length);
  const namesakes = [...namesakesOf(all)].sort();
  return { namesakes, runs };
}

/** Returns the names that several peers have. */
export function namesakesOf(peers: Iterable<Pick<PeerRecord, "instance">>): ReadonlySet<string> {
  const [names, shared] = [new Set<string>(), new Set<string>()];
  for (const { instance } of peers) (names.has(instance) ? shared : names).add(instance);
  return shared;
}
