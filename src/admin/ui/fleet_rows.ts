// The hosts of the fleet as rows, each with its configuration and its condition. Hosts that need a person come first.
// Pure; a row shows only the facts of the host's record, even if the host is gone.
import { heldBackText } from "../../cluster/held_back_text.ts";
import type { PeersAnswer } from "../../cluster/notifier.ts";
import {
  type HeldBack,
  MAX_FAILED_HOOKS,
  namesakesOf,
  type Peer,
  type PeerHooks,
  type PeerRelease,
} from "../../cluster/peer_record.ts";
import { unfinishedHooks } from "../../hooks/hook_memory.ts";
import type { Status } from "../daemon_api.ts";
import { masked } from "./masked.ts";
import { shortHash } from "./hash_tag.ts";

/** A source that a host rejected, and the reason. */
export interface Rejected {
  /** Null: not known. */
  readonly hash: string | null;
  readonly summary: string;
  /** The place and the code; empty: it has no place. */
  readonly detail: string;
  readonly at: string;
}

/** A host as its record says, or this host as its status says; null: not known. */
export interface Host extends Pick<Peer, "instance" | "version" | "hash" | "standing"> {
  readonly rejected: Rejected | null;
  readonly release: PeerRelease | null;
  readonly heldBack: HeldBack | null;
  readonly since: string | null;
  readonly hooks: PeerHooks | null;
  readonly isSelf: boolean;
  /** Whether its record expired. The other members then describe its last known state. */
  readonly isLost: boolean;
  /** When it wrote its record; null: it is this host. */
  readonly seen: string | null;
}

/** How good something is. The words say it too. */
export type Tone = "good" | "warn" | "bad" | "muted";

/** `person`: somebody has to do something; `moving`: it is on its way, or held on purpose; `well`: neither. */
export type Need = "person" | "moving" | "well";

/** Words and how good they are. */
export interface TonedText {
  readonly text: string;
  readonly tone: Tone;
}

/** One row of the table. */
export interface FleetRow {
  readonly instance: string;
  readonly isSelf: boolean;
  /** Whether another living process has its name. */
  readonly isNamesake: boolean;
  readonly need: Need;
  /** The first digits of the hash in force; null: it runs nothing. */
  readonly hash: string | null;
  /** The release in force, by its number there; null: not known. */
  readonly number: number | null;
  /** A release that is not healthy yet, or not any more; null: nothing to say. */
  readonly release: TonedText | null;
  readonly standing: TonedText;
  /** When its config came into force, in ISO 8601; null: not known. */
  readonly since: string | null;
  /** The latest change or rejection, in ISO 8601; null: not known. */
  readonly changed: string | null;
  /** With the first digits of the hash. */
  readonly rejected: Host["rejected"];
  readonly hooks: TonedText;
  readonly version: string;
  /** See {@linkcode latenessOf}, and when its record was written, in ISO 8601; null: it is fresh, or of this host. */
  readonly late: { readonly kind: "stale" | "ahead"; readonly seen: string } | null;
}

/** A record is written again after 30 s at the latest; an older one missed that, or its clock differs. */
const STALE_MILLISECONDS = 60_000;

const NEEDS: readonly Need[] = ["person", "moving", "well"];

/**
 * Masks the free texts of the records, and leaves out their notes of journals. Hashes, times and words that the
 * record's form prescribes hold no secret, and to mask those of a thousand records takes 0.1 s.
 */
export function maskedPeers(records: readonly Peer[], mask: (text: string) => string): readonly Peer[] {
  return records.map(({ journal: _journal, noted: _noted, ...peer }): Peer => {
    const { instance, incarnation, version, rejected, hooks, hindrance } = peer;
    const [why, failed] = [rejected?.why ?? "", hooks?.failed ?? []];
    const given = { instance, incarnation, version, why, failed, ...hindrance !== undefined && { hindrance } };
    const { why: reason, failed: names, ...texts } = masked(given, mask);
    return {
      ...peer,
      ...texts,
      rejected: rejected && { ...rejected, why: reason },
      ...hooks && { hooks: { ...hooks, failed: names } },
    };
  });
}

/**
 * Returns the known hosts: those of the records, those of expired records, and this one even if its record is not
 * known.
 */
export function hostsOf(status: Status, peers: PeersAnswer, lost: readonly Peer[]): readonly Host[] {
  const gone = lost.map((peer) => ({ ...hostOfPeer(peer), isLost: true }));
  const hosts = peers.ok ? [...peers.peers.map(hostOfPeer), ...gone] : [];
  return hosts.some(({ isSelf }) => isSelf) ? hosts : [hostOfStatus(status), ...hosts];
}

/** An older version does not write all members. */
function hostOfPeer({ instance, version, hash, standing, rejected, self, at, ...newer }: Peer): Host {
  const { release = null, heldBack = null, since = null, hooks = null } = newer;
  const seen = self ? null : at;
  const others = { release, heldBack, since, hooks, isSelf: self, isLost: false, seen };
  return { instance, version, hash, standing, rejected: rejected && rejectedOf(rejected), ...others };
}

function hostOfStatus({ instance, version, active, standing, lastReload, release, held, hooks }: Status): Host {
  const { waiting, failed } = unfinishedHooks(hooks);
  const isReleased = release !== null && release.hash === active?.hash;
  const state = release?.state === "skipped" || release?.state === "replaced" ? "rolled-back" : release?.state;
  return {
    instance,
    version,
    hash: active?.hash ?? null,
    standing,
    // The status does not say which hash was rejected.
    rejected: lastReload?.outcome === "rejected"
      ? rejectedOf({ hash: null, why: lastReload.reason ?? "not known", at: lastReload.at })
      : null,
    release: isReleased && state !== undefined ? { number: release.number, state } : null,
    heldBack: held && (held.kind === "skipped" ? "rolled-back" : held.kind),
    since: isReleased ? release.at : active?.since ?? null,
    hooks: { waiting, failed: failed.slice(0, MAX_FAILED_HOOKS) },
    isSelf: true,
    isLost: false,
    seen: null,
  };
}

/**
 * Takes a reason apart: a diagnostic in one line begins with its place, and ends with path, code and the number of
 * others, unless the record's bound cut that off.
 */
function rejectedOf({ hash, why, at }: { hash: string | null; why: string; at: string }): Rejected {
  const [begin, place = ""] = /^(?:(.*?:\d+:\d+): )?error: /.exec(why) ?? [];
  if (begin === undefined) return { hash, summary: why, detail: "", at };
  const text = why.slice(begin.length);
  const [end = ""] = /(?: \([^()]*\))? \[[\w/-]+\](?: \(and \d+ more\))?$/.exec(text) ?? [];
  return { hash, summary: text.slice(0, text.length - end.length), detail: `${place}${end}`.trim(), at };
}

/** The facts of a row beside its host. */
export interface RowFacts {
  /** Of this host: without a cluster there is nothing to agree with. */
  readonly mode: Status["mode"];
  /** The hash that a rollout brings now; null: there is none. */
  readonly candidate: string | null;
  /** In milliseconds since 1970. */
  readonly now: number;
}

/**
 * Makes the rows: first the hosts that need a person, then those on their way, and each group by name.
 */
export function fleetRows(hosts: readonly Host[], facts: RowFacts): readonly FleetRow[] {
  const namesakes = namesakesOf(hosts);
  const rows = hosts.map((host) => rowOf(host, namesakes.has(host.instance), facts));
  const order = new Map(NEEDS.map((need, rank) => [need, rank]));
  const ranks = new Map(hosts.map(({ instance }) => [instance, nameRank(instance)]));
  return rows.sort((a, b) =>
    order.get(a.need)! - order.get(b.need)! || compareTexts(ranks.get(a.instance)!, ranks.get(b.instance)!) ||
    compareTexts(a.instance, b.instance) || Number(b.isSelf) - Number(a.isSelf) || compareTexts(keyOf(a), keyOf(b))
  );
}

/** Of a number in a name; longer ones are ordered as texts. */
const MAX_DIGITS = 20;

/**
 * A text by whose order `edge-2` comes before `edge-10` and `évora` before `faro`, in any case of letters. A collator
 * would load tables that take 1.7 MiB of resident memory.
 */
function nameRank(name: string): string {
  const letters = name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return letters.replace(/\d+/g, (digits) => digits.padStart(MAX_DIGITS, "0"));
}

/** Orders texts by their code units. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Tells namesakes apart, so that their order does not change from one answer to the next. */
function keyOf(row: FleetRow): string {
  return JSON.stringify(row);
}

function rowOf(host: Host, isNamesake: boolean, facts: RowFacts): FleetRow {
  const { now } = facts;
  const { instance, version, hash, release, rejected, since, seen, isSelf } = host;
  const standing = standingOf(host, facts);
  const hooks = hooksOf(host);
  const state = release?.state ?? null;
  const lateness = latenessOf(host, now);
  const needsPerson = hash === null || rejected !== null || isNamesake || standing.tone === "bad" ||
    hooks.tone === "bad" || state === "failed" || state === "rolled-back";
  const isMoving = standing.tone === "warn" || hooks.tone === "warn" || state === "baking" || lateness !== null;
  return {
    instance,
    isSelf,
    isNamesake,
    need: needsPerson ? "person" : isMoving ? "moving" : "well",
    hash: hash && shortHash(hash),
    number: release?.number ?? null,
    release: state === null ? null : RELEASES[state],
    standing,
    since,
    changed: changedOf(host),
    rejected: rejected && { ...rejected, hash: rejected.hash && shortHash(rejected.hash) },
    hooks,
    version,
    late: lateness && seen !== null ? { kind: lateness, seen } : null,
  };
}

/**
 * Whether a host wrote its record too long ago, or in the future by another clock; null: neither. A clock that is
 * behind looks the same as a host that is gone.
 */
export function latenessOf({ seen }: Pick<Host, "seen">, now: number): "stale" | "ahead" | null {
  const age = seen === null ? 0 : now - Date.parse(seen);
  if (Math.abs(age) <= STALE_MILLISECONDS) return null;
  return age > 0 ? "stale" : "ahead";
}

/** Whether a host keeps its valid source out of force on purpose. */
export function isHeld({ standing, heldBack }: Pick<Host, "standing" | "heldBack">): boolean {
  return standing === "held" || heldBack !== null;
}

const RELEASES: Readonly<Record<NonNullable<Host["release"]>["state"], TonedText | null>> = {
  running: null,
  healthy: null,
  baking: { text: "baking", tone: "warn" },
  failed: { text: "failed", tone: "bad" },
  "rolled-back": { text: "rolled back", tone: "bad" },
};

const STANDINGS: Readonly<Record<Host["standing"], TonedText>> = {
  agreed: { text: "agreed", tone: "good" },
  settling: { text: "settling", tone: "warn" },
  diverged: { text: "diverged", tone: "bad" },
  held: { text: "held", tone: "warn" },
  unknown: { text: "not known yet", tone: "warn" },
};

const NO_CLUSTER: TonedText = { text: "no cluster", tone: "muted" };

/**
 * Whether a host runs the candidate of a rollout, also in place of its file. Its record says `held`, because the hash is
 * not the head's.
 */
export function isInRollout(
  { hash, standing, heldBack, isLost }: Host,
  { candidate }: Pick<RowFacts, "candidate">,
): boolean {
  return !isLost && hash !== null && hash === candidate && standing === "held" &&
    (heldBack === null || heldBack === "overtaken");
}

function standingOf(host: Host, facts: RowFacts): TonedText {
  const { standing, heldBack } = host;
  if (host.isLost) return { text: "gone: its daemon stopped writing", tone: "bad" };
  if (isInRollout(host, facts)) return { text: "in the rollout", tone: "warn" };
  // A diverged host may be held as well: then a person is needed anyway.
  if (isHeld(host) && standing !== "diverged") {
    const why = heldBack === null ? null : heldBackText(heldBack);
    return { text: why === null ? "held" : `held: ${why}`, tone: "warn" };
  }
  return facts.mode === "alone" && standing === "unknown" ? NO_CLUSTER : STANDINGS[standing];
}

function hooksOf({ hooks }: Host): TonedText {
  if (hooks === null) return { text: "not known", tone: "muted" };
  const { waiting, failed } = hooks;
  const waits = waiting === 0 ? "" : `${waiting} waiting`;
  if (failed.length === 0) return waits === "" ? { text: "ok", tone: "good" } : { text: waits, tone: "warn" };
  const others = failed.length < MAX_FAILED_HOOKS ? "" : ", perhaps others";
  return { text: `failed: ${failed.join(", ")}${others}${waits && `; ${waits}`}`, tone: "bad" };
}

/** The time of the host's latest change or rejection. */
function changedOf({ since, rejected }: Host): string | null {
  const times = [since, rejected?.at ?? null].filter((time) => time !== null);
  const [latest] = times.sort((one, other) => Date.parse(other) - Date.parse(one));
  return latest ?? null;
}
