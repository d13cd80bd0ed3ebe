// Makes triggers of the reports, each once: a snapshot with another content, a source that is newly rejected, a
// divergence; and at the start the snapshot in force, for hooks that the last process still owed.
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

/** The input of a hook's run: the payload without the generation, which may come later, and secrets to mask. */
export interface HookInput {
  readonly payload: Omit<HookPayload, "generation">;
  /** Those of a configuration that is not in force. */
  readonly secrets: readonly string[];
}

/** A trigger, or the end of earlier ones, for the hooks. */
export type HookNews =
  | { readonly kind: "happened"; readonly trigger: HookTrigger<HookInput> }
  | { readonly kind: "over"; readonly event: HookEvent };

/** The snapshot in force, as the hooks need it. */
export interface InForce extends SnapshotId {
  /** The secret texts in it. */
  readonly secrets: readonly string[];
}

/** The temporary files that a check hook checks. */
export type CandidatePaths = Pick<HookPayload, "candidate" | "serverCandidate"> & { readonly candidate: string };

/** Returns the parts of a found snapshot that the hooks need; the snapshot itself is not kept. */
export function inForceOf(existing: Existing): InForce | null {
  if (existing.state !== "in-force") return null;
  const { header: { hash, contentHash }, config } = existing;
  return { hash, contentHash, secrets: secretsIn(config) };
}

/** The snapshot in force at the start, and the facts that payloads need. */
export interface HookTriggerSettings {
  /** The members of every payload. */
  readonly common: Pick<HookPayload, "instance" | "source" | "snapshot" | "serverPath">;
  /** The snapshot found at the start; null: there was none. */
  readonly inForce: InForce | null;
  /** The hash of the source that was rejected last. */
  rejectedHash(): string | null;
  /** Replaces secrets. */
  mask(text: string): string;
}

/** Makes triggers of reports. */
export interface HookTriggers {
  /** Returns the triggers and their ends that follow from a report with its changed parts. */
  of(report: Report<HookCandidate>, changed: readonly string[]): readonly HookNews[];
  /** Makes the input of a check hook, for a snapshot and its server form at temporary paths. */
  toCheck(candidate: HookCandidate, paths: CandidatePaths, changed: readonly string[]): HookInput;
  /** Makes the input of a health hook, for the snapshot in force. */
  toAsk(): HookInput;
  /** The secrets that a hook's output must not show now: those of the snapshot in force, and of the one before. */
  secrets(): readonly string[];
  /** The hash in force; null: none. */
  hash(): string | null;
}

/** The state between two reports. */
interface Memory {
  /** Finds the secret texts of a configuration. */
  secretsOf(config: unknown): readonly string[];
  inForce: InForce | null;
  /** The secrets of the snapshot that was in force before. */
  formerSecrets: readonly string[];
  /** Whether the snapshot found at the start has had no trigger yet. */
  isStart: boolean;
  /** The hash of the source that was rejected last, until it is healed. */
  rejected: string | null;
}

/** Opens the triggers of a host. */
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
    toAsk: () => ({ payload: payloadOf(settings, memory, "health", { previousHash: null }), secrets: [] }),
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

/** Makes the trigger of the start. It waits until the first look ended, because that may result in a newer snapshot. */
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
  keys: Pick<HookTrigger<HookInput>, "key"> & Partial<HookTrigger<HookInput>>,
): HookNews {
  const input = { payload: payloadOf(settings, memory, event, details), secrets: [] };
  return { kind: "happened", trigger: { event, before: null, changed: null, isStart: false, input, ...keys } };
}

function payloadOf(
  { common }: HookTriggerSettings,
  { inForce }: Memory,
  event: HookPayload["event"],
  details: Partial<HookPayload>,
): HookInput["payload"] {
  const hash = inForce?.hash ?? null;
  const nothing = { candidate: null, serverCandidate: null, changed: null, reason: null, agreedHash: null };
  return { ...common, event, hash, previousHash: hash, ...nothing, ...details };
}
