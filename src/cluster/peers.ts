// What an instance tells the others of itself, as it stands under its peer key: JSON of a bounded size, read strictly,
// since anything may stand there. It holds no secret.
import * as z from "zod";
import { isGeneration, isHash } from "../agreement/head.ts";

/** Where an instance stands towards the cluster's head. */
export type SyncStateKind = "unknown" | "agreed" | "settling" | "diverged";

/** A configuration that an instance would not take. */
export interface Rejection {
  /** Of the portable config; where the source did not parse, the SHA-256 of its bytes. */
  readonly hash: string;
  /** The head's generation when it was rejected; null where none was known. */
  readonly generation: number | null;
  /** One masked line, at most {@linkcode MAX_WHY_LENGTH} characters. */
  readonly why: string;
  /** When, in ISO 8601 by the instance's clock. */
  readonly at: string;
}

/** What an instance tells of itself. */
export interface PeerRecord {
  /** Its name, `HighAvailability:InstanceName`. */
  readonly instance: string;
  /** Random for each process: 12 hex digits, and a UUID up to version 0.1. */
  readonly incarnation: string;
  /** Of honua-configd. */
  readonly version: string;
  /** What it runs; null: nothing yet. */
  readonly hash: string | null;
  /** The generation that it agreed with last; null: none. */
  readonly generation: number | null;
  /** Where it stands. */
  readonly standing: SyncStateKind;
  /** Why its source is not what it runs; null: it is. */
  readonly rejected: Rejection | null;
  /** When it was written, in ISO 8601 by the instance's clock. */
  readonly at: string;
}

/** Another instance, or this one, as the cluster knows it. */
export interface Peer extends PeerRecord {
  /** Whether it is the process that asks. */
  readonly self: boolean;
}

/** The longest reason of a rejection, in characters. */
export const MAX_WHY_LENGTH = 300;

/** The longest name of an instance, in characters; Linux takes 64 for a host's (HOST_NAME_MAX, limits.h). */
export const MAX_INSTANCE_LENGTH = 128;

/** The most that a record may weigh as it is stored. */
export const MAX_RECORD_BYTES = 4_096;

const line = (maxLength: number) => z.string().max(maxLength).regex(/^[^\p{Cc}\p{Cs}]+$/u);
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/);

const hash = z.custom<string>(isHash);
const generation = z.custom<number>(isGeneration);

/** Members that are not known are left out: a later version may tell more. */
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
  at: time,
});

/**
 * The record as it is stored, at most {@linkcode MAX_RECORD_BYTES}: of a reason and of a name what is over the limit is
 * cut off, and control characters in them become spaces.
 */
export function encodePeer(record: PeerRecord): string {
  const { instance, incarnation, version, hash, generation, standing, rejected, at } = record;
  return JSON.stringify({
    instance: shortened(instance, MAX_INSTANCE_LENGTH),
    incarnation,
    version,
    hash,
    generation,
    standing,
    rejected: rejected === null ? null : {
      hash: rejected.hash,
      generation: rejected.generation,
      why: shortened(rejected.why, MAX_WHY_LENGTH),
      at: rejected.at,
    },
    at,
  });
}

/** How a process is called in the index of peers and in the key of its record. */
export function peerId({ instance, incarnation }: Pick<PeerRecord, "instance" | "incarnation">): string {
  return `${shortened(instance, MAX_INSTANCE_LENGTH)}:${incarnation}`;
}

/** One line of at most so many UTF-16 units, no surrogate pair split; `?` where nothing is left. */
function shortened(text: string, maxLength: number): string {
  const cut = text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "");
  return cut.toWellFormed().replace(/\p{Cc}/gu, " ") || "?";
}

/**
 * Understands what stands under a peer's key, or null where it is no record.
 *
 * @param id the owner by the key: its {@linkcode peerId} or, up to version 0.1, its name. Another's record counts as none.
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
  const record = parsed.data;
  return id === undefined || id === peerId(record) || id === record.instance ? record : null;
}

/** Which instances run one hash. */
export interface Run {
  /** Null: they run nothing yet. */
  readonly hash: string | null;
  /** Their names, sorted. */
  readonly instances: readonly string[];
}

/** Whether the peers agree, and who runs what. */
export interface PeersVerdict {
  /** Whether no two of them run something different; so also where there is none, or nobody runs anything yet. */
  readonly consistent: boolean;
  /** Names that more than one of them has, sorted: which of these lives, and will be seen again, is not known. */
  readonly namesakes: readonly string[];
  /** What most of them run comes first; of equally many the lower hash, and nothing at last. */
  readonly runs: readonly Run[];
}

/** Compares what the peers run, whatever they say of their standing. */
export function judgePeers(peers: Iterable<Pick<PeerRecord, "instance" | "hash">>): PeersVerdict {
  const all = [...peers];
  const byHash = new Map<string | null, string[]>();
  for (const { instance, hash } of all) {
    const instances = byHash.get(hash);
    if (instances) instances.push(instance);
    else byHash.set(hash, [instance]);
  }
  // By their text: that of null comes after each hash.
  const hashes = [...byHash.keys()].sort();
  const runs = hashes.map((hash): Run => ({ hash, instances: byHash.get(hash)!.sort() }));
  runs.sort((left, right) => right.instances.length - left.instances.length);
  const namesakes = [...namesakesOf(all)].sort();
  return { consistent: runs.length <= 1 && namesakes.length === 0, namesakes, runs };
}

/** The names that more than one of them has. */
export function namesakesOf(peers: Iterable<Pick<PeerRecord, "instance">>): ReadonlySet<string> {
  const [names, shared] = [new Set<string>(), new Set<string>()];
  for (const { instance } of peers) (names.has(instance) ? shared : names).add(instance);
  return shared;
}
