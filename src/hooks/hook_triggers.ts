// What of the reloads and the agreement is worth a hook, each thing once: a snapshot with another content, a source that
// is rejected and was not before, a divergence; and at the start what is in force, for hooks that the last process owed.
import type { HookPayload } from "./hook_payload.ts";
import { openSecretSearch, secretsIn } from "../diagnostic/secrets.ts";
import type { HookEvent, HookTrigger } from "./decide_hooks.ts";
import type { Report } from "../reload/report.ts";
import type { SnapshotId } from "../reload/state.ts";
import type { Existing } from "../snapshot/store.ts";

/** The part of a candidate that hooks need. */
export interface HookCandidate {
  readonly snapshot: Pick<SnapshotId, "hash">;
  /** The resolved config, which holds secrets. */
  readonly config: unknown;
}

/** What a hook is told, but for the generation, which may come later; and what its output must not show. */
export interface Told {
  /** What it is told. */
  readonly payload: Omit<HookPayload, "generation">;
  /** Those of a configuration that is not in force. */
  readonly secrets: readonly string[];
}

/** What a report means to the hooks. */
export type HookNews =
  | { readonly kind: "happened"; readonly trigger: HookTrigger<Told> }
  | { readonly kind: "over"; readonly event: HookEvent };

/** What is in force, as far as hooks are concerned. */
export interface InForce extends SnapshotId {
  /** The texts in it that nobody is to see. */
  readonly secrets: readonly string[];
}

/** Where a check hook finds the files that it checks. */
export type CandidatePaths = Pick<HookPayload, "candidate" | "serverCandidate"> & { readonly candidate: string };

/** What of a snapshot that was found concerns hooks; the snapshot itself is not kept. */
export function inForceOf(existing: Existing): InForce | null {
  if (existing.state !== "in-force") return null;
  const { header: { hash, contentHash }, config } = existing;
  return { hash, contentHash, secrets: secretsIn(config) };
}

/** What finding the triggers needs. */
export interface HookTriggerSettings {
  /** What every hook is told. */
  readonly about: Pick<HookPayload, "instance" | "source" | "snapshot" | "serverPath">;
  /** What was found in force at the start; null: nothing. */
  readonly inForce: InForce | null;
  /** By what others know the source that was rejected last. */
  rejectedHash(): string | null;
  /** Replaces what must not be seen. */
  mask(text: string): string;
}

/** Finds the triggers in what is reported. */
export interface HookTriggers {
  /** Takes a report, with the parts that it changed; returns what it means to the hooks. */
  of(report: Report<HookCandidate>, changed: readonly string[]): readonly HookNews[];
  /** The message for a check hook about a snapshot and its server form at temporary paths. */
  toCheck(candidate: HookCandidate, paths: CandidatePaths, changed: readonly string[]): Told;
  /** What the output of a hook must not show at this moment: the secrets of what is in force, and of what was before. */
  secrets(): readonly string[];
  /** The hash in force; null: none. */
  hash(): string | null;
}

/** What was told so far. */
interface Memory {
  /** The texts of a configuration that nobody is to see. */
  secretsOf(config: unknown): readonly string[];
  /** What is in force, with its secrets. */
  inForce: InForce | null;
  /** The secrets of what was in force before. */
  formerSecrets: readonly string[];
  /** Whether what was found at the start is still to be told. */
  isStart: boolean;
  /** The source that was rejected last, until it is healed. */
  rejected: string | null;
}

/** Follows what is in force, and what was said of it already. */
export function openHookTriggers(settings: HookTriggerSettings): HookTriggers {
  const { inForce } = settings;
  const memory: Memory = {
    secretsOf: openSecretSearch(),
    inForce,
    formerSecrets: [],
    isStart: inForce !== null,
    rejected: null,
  };
  return {
    of: (report, changed) => newsOf(settings, memory, report, changed),
    toCheck(candidate, paths, changed) {
      const { hash } = candidate.snapshot;
      const payload = payloadOf(settings, memory, "check", { hash, ...paths, changed });
      return { payload, secrets: memory.secretsOf(candidate.config) };
    },
    secrets: () => [...memory.inForce?.secrets ?? [], ...memory.formerSecrets],
    hash: () => memory.inForce?.hash ?? null,
  };
}

function newsOf(
  settings: HookTriggerSettings,
  memory: Memory,
  report: Report<HookCandidate>,
  changed: readonly string[],
): readonly HookNews[] {
  switch (report.kind) {
    case "activated":
      memory.rejected = null;
      return [{ kind: "over", event: "rejected" }, ...activated(settings, memory, report, changed)];
    case "unchanged":
      memory.rejected = null;
      return [{ kind: "over", event: "rejected" }, ...started(settings, memory)];
    case "rejected": {
      const hash = settings.rejectedHash() ?? report.fingerprint;
      const begun = started(settings, memory);
      if (report.isUnread || memory.rejected === hash) return begun;
      memory.rejected = hash;
      const details = { hash, reason: settings.mask(report.reason) };
      return [...begun, happened(settings, memory, "rejected", details, { key: hash })];
    }
    case "unreadable":
    case "write-failed":
      return started(settings, memory);
    case "diverged": {
      const { hash, head } = report;
      return [happened(settings, memory, "diverged", { hash, agreedHash: head.hash }, { key: head.hash })];
    }
    case "agreed":
      return [{ kind: "over", event: "diverged" }];
    default:
      return [];
  }
}

/** What was in force at the start is told when the first look has ended, for it may bring something newer. */
function started(settings: HookTriggerSettings, memory: Memory): HookNews[] {
  if (!memory.isStart || memory.inForce === null) return [];
  memory.isStart = false;
  const keys = { key: memory.inForce.contentHash, isStart: true };
  return [happened(settings, memory, "activated", { previousHash: null }, keys)];
}

function activated(
  settings: HookTriggerSettings,
  memory: Memory,
  report: Extract<Report<HookCandidate>, { kind: "activated" }>,
  changed: readonly string[],
): HookNews[] {
  const { inForce: before } = memory;
  const { hash, contentHash, candidate } = report;
  memory.formerSecrets = before?.secrets ?? [];
  memory.inForce = { hash, contentHash, secrets: memory.secretsOf(candidate.config) };
  if (before?.contentHash === contentHash) return started(settings, memory);
  memory.isStart = false;
  const keys = { key: contentHash, before: before?.contentHash ?? null, changed };
  return [happened(settings, memory, "activated", { previousHash: before?.hash ?? null, changed }, keys)];
}

function happened(
  settings: HookTriggerSettings,
  memory: Memory,
  event: HookEvent,
  details: Partial<HookPayload>,
  keys: Pick<HookTrigger<Told>, "key"> & Partial<HookTrigger<Told>>,
): HookNews {
  const told = { payload: payloadOf(settings, memory, event, details), secrets: [] };
  return { kind: "happened", trigger: { event, before: null, changed: null, isStart: false, told, ...keys } };
}

function payloadOf(
  { about }: HookTriggerSettings,
  { inForce }: Memory,
  event: HookPayload["event"],
  details: Partial<HookPayload>,
): Told["payload"] {
  const hash = inForce?.hash ?? null;
  const nothing = { candidate: null, serverCandidate: null, changed: null, reason: null, agreedHash: null };
  return { ...about, event, hash, previousHash: hash, ...nothing, ...details };
}
