// Compares sources for the admin interface: the file, releases and texts of clients, each compiled with today's
// environment by the daemon's own compiler. It changes nothing, and its answers are masked.
import type {
  Diff,
  DiffAnswer,
  DiffRefusal,
  DiffSide,
  DiffSource,
  PlanAnswer,
  PlannedHook,
} from "../admin/daemon_api.ts";
import { heldBack } from "../releases/admission.ts";
import { findRelease, unknownRelease } from "../releases/history_list.ts";
import { type Held, type KeptReleases, runningRelease } from "../releases/release.ts";
import { referenceText } from "../releases/source_reference.ts";
import { formatOf } from "../compile.ts";
import { diffConfigs } from "../config/config_diff.ts";
import { renderLine } from "../diagnostic/render.ts";
import { plannedHooks } from "../hooks/planned_hooks.ts";
import type { HookOptions } from "../options/options.ts";
import { heldText, reasonOf } from "../reload/narration.ts";
import type { SnapshotId } from "../reload/state.ts";
import { awaitsStep } from "../reload/staged.ts";
import type { JsonObject } from "../snapshot/canonical.ts";
import { decodeSource } from "../source/source_file.ts";
import { openPace } from "../time/pace.ts";
import type { ChangeTracker } from "./change_tracker.ts";
import type { DaemonSettings } from "./daemon_settings.ts";
import { diagnosticAnswer } from "./event_recorder.ts";
import type { Compilation } from "./look_compiler.ts";
import type { ReleaseKeeper } from "./release_keeper.ts";
import type { GivenFile, GivenText, SourceLoader } from "./source_loader.ts";

/** The parts that a differ asks. */
export interface DifferTools {
  readonly settings: Pick<DaemonSettings, "options" | "sourcePath">;
  readonly loader: Pick<SourceLoader, "examine">;
  readonly changes: Pick<ChangeTracker, "against">;
  readonly keeper: Pick<ReleaseKeeper, "textOf">;
  /** The releases of this host. */
  kept(): KeptReleases;
  /** Why the fleet would hold a valid source with the hash; null: it would not. */
  heldByFleet(hash: string): Held | null;
  /** The snapshot in force. */
  active(): SnapshotId | null;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Compares sources, one pair after the other. */
export interface Differ {
  /** Rejects only with the signal's reason. */
  diff(from: DiffSource, to: DiffSource, signal: AbortSignal): Promise<DiffAnswer>;
  /** Rejects only with the signal's reason. */
  plan(signal: AbortSignal): Promise<PlanAnswer>;
}

/** A compiled side. */
interface Side extends DiffSide {
  readonly compilation: Compilation;
  readonly portable: JsonObject;
}

type Compiled = { readonly ok: true; readonly side: Side } | { readonly ok: false; readonly refusal: DiffRefusal };

/** Opens a differ. */
export function openDiffer(tools: DifferTools): Differ {
  const { settings: { options }, loader, changes, kept, active, now } = tools;

  const compile = async (source: DiffSource, signal: AbortSignal): Promise<Compiled> => {
    const found = await findText(source, tools);
    if (!found.ok) return found;
    const { label, given } = found;
    const examined = await loader.examine(given, signal);
    if (examined.ok) {
      const { compilation, portable } = examined;
      return { ok: true, side: { label, hash: compilation.snapshot.hash, compilation, portable } };
    }
    const reason = reasonOf(examined.diagnostics);
    if (examined.isHost) return refused({ kind: "failed", reason });
    return refused({ kind: "rejected", label, reason, diagnostics: examined.diagnostics.map(diagnosticAnswer) });
  };

  const compare = async (from: Side, to: Side, signal: AbortSignal): Promise<Diff> => ({
    from: { label: from.label, hash: from.hash },
    to: { label: to.label, hash: to.hash },
    blocks: await diffConfigs(from.portable, to.portable, openPace({ signal })),
  });

  /** The source in force against a compiled file; its text is not needed if the file has its hash. */
  const againstRunning = async (file: Side, signal: AbortSignal): Promise<Pick<Plan, "diff" | "noDiff">> => {
    const running = active();
    if (running === null) return { diff: null, noDiff: "No snapshot is in force yet" };
    if (running.hash === file.hash) {
      const { label, hash } = file;
      return { diff: { from: { label: "running", hash }, to: { label, hash }, blocks: [] }, noDiff: null };
    }
    const compiled = await compile({ kind: "running" }, signal);
    if (compiled.ok) return { diff: await compare(compiled.side, file, signal), noDiff: null };
    const { refusal } = compiled;
    return { diff: null, noDiff: refusal.kind === "stopping" ? "The daemon is about to end" : refusal.reason };
  };

  return {
    async diff(from, to, signal) {
      const one = await compile(from, signal);
      if (!one.ok) return one.refusal;
      const other = await compile(to, signal);
      if (!other.ok) return other.refusal;
      return { kind: "diff", diff: await compare(one.side, other.side, signal) };
    },
    async plan(signal) {
      const compiled = await compile({ kind: "file" }, signal);
      if (!compiled.ok) return compiled.refusal;
      const { label, hash, compilation } = compiled.side;
      const running = active();
      const held = heldBack(kept(), { hash, isForced: false, at: now() }) ?? tools.heldByFleet(hash);
      const differs = running?.hash !== hash || running.contentHash !== compilation.snapshot.contentHash;
      const activates = held === null && differs;
      const comesLater = held !== null && awaitsStep(held) && differs;
      // The first snapshot of all concerns every hook.
      const changed = running === null ? null : Object.keys(changes.against(compilation.config));
      return {
        kind: "plan",
        to: { label, hash },
        activates,
        held: held && heldText(held),
        warnings: compilation.warnings.map(diagnosticAnswer),
        hooks: activates || comesLater ? plannedHooks(options.hooks, changed).map(plannedHook) : [],
        ...await againstRunning(compiled.side, signal),
      };
    },
  };
}

type Plan = Extract<PlanAnswer, { kind: "plan" }>;

function refused(refusal: DiffRefusal): { readonly ok: false; readonly refusal: DiffRefusal } {
  return { ok: false, refusal };
}

type Found = { readonly ok: true; readonly label: string; readonly given: GivenFile | GivenText };

/** The text of a side, which the loader reads itself for the file. */
async function findText(
  source: DiffSource,
  { settings, keeper, kept }: DifferTools,
): Promise<Found | ReturnType<typeof refused>> {
  if (source.kind === "file") {
    const { sourcePath: path } = settings;
    if (path !== null) return { ok: true, label: path, given: { path } };
    return refused({ kind: "unknown", reason: "This host has no file: its source is in the store (Source:From)" });
  }
  if (source.kind === "text") {
    const { name, text } = source;
    return { ok: true, label: name, given: { name, text, format: formatOf(name) } };
  }
  const release = source.kind === "running" ? runningRelease(kept()) : findRelease(kept(), referenceText(source));
  if (release === null) {
    const reason = source.kind === "running" ? "No release is in force" : unknownRelease(referenceText(source));
    return refused({ kind: "unknown", reason });
  }
  const found = await keeper.textOf(release.hash);
  if (!found.ok) return refused({ kind: "failed", reason: found.message });
  const label = `release ${release.number}`;
  const decoded = decodeSource(label, new Uint8Array(found.bytes));
  if (!decoded.ok) return refused({ kind: "failed", reason: renderLine(decoded.diagnostic) });
  return { ok: true, label, given: { name: label, text: decoded.text, format: found.format } };
}

function plannedHook({ name, on, command, http, systemdUnit, action }: HookOptions): PlannedHook {
  const does = systemdUnit !== null ? action : command !== null ? "command" : http !== null ? "http" : "signal";
  return { name, on: on === "check" ? on : "activated", does, unit: systemdUnit };
}
