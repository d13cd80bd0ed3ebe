// The releases of a simulated host: their file, which is written with a delay, hooks that end some time, and health
// checks, which judge the content in force when they began.
import { assert } from "@std/assert";
import type { Event } from "../../src/reload/events.ts";
import type { Report } from "../../src/reload/report.ts";
import type { SnapshotId } from "../../src/reload/state.ts";
import { protectedHashes, reconciled } from "../../src/releases/new_release.ts";
import type { Order } from "../../src/releases/decide_releases.ts";
import { initialReleases, type KeptReleases, type Releases } from "../../src/releases/release.ts";
import { targetOf } from "../../src/releases/rolling_back.ts";
import { checkKeptReleases } from "../releases/release_claims.ts";
import { noteRollout } from "./host_rollouts.ts";
import { chance, clockOf, contentIn, type Host, type Life, shortOf, type World } from "./world.ts";

type Next = (event: Event<SnapshotId>) => void;

/** The releases that the last process left, in line with the snapshot in force. */
export function releasesAtStart(world: World, host: Host): Releases {
  const { disk } = host;
  const { limits } = world.setting;
  const active = disk.snapshot && { hash: disk.snapshot.hash, format: "hcl" as const };
  const kept = reconciled(disk.releases, active, clockOf(world, host), limits);
  checkKeptReleases(disk.releases, kept);
  disk.releases = kept;
  return initialReleases(limits, kept);
}

/** Begins to write the releases; the newest value is written. */
export function record(world: World, host: Host, life: Life, kept: KeptReleases): void {
  const isWriting = life.recording !== null;
  life.recording = kept;
  if (isWriting) return;
  world.time.after(world.random.below(world.faulty ? 300 : 10), () => {
    if (life.ended === "no") writeReleases(host, life);
  });
}

/** Writes the values that wait. */
export function writeReleases({ disk }: Host, life: Life): void {
  const { recording } = life;
  if (recording === null) return;
  life.recording = null;
  checkKeptReleases(disk.releases, recording);
  disk.releases = recording;
}

/** Removes the texts that no release needs. */
function tidy(kept: KeptReleases, disk: Host["disk"]): void {
  const needed = new Set([...protectedHashes(kept), ...kept.list.map((one) => one.hash)]);
  for (const hash of disk.texts.keys()) {
    if (!needed.has(hash) && hash !== disk.snapshot?.hash) disk.texts.delete(hash);
  }
}

/** Lets the hooks of the newest activation end. */
export function hooksSettle(world: World, host: Host, life: Life, next: Next): void {
  world.time.after(world.random.below(world.faulty ? 2_000 : 50), () => {
    const ok = world.calm || !chance(world, 100);
    if (life.ended === "no") next({ kind: "hooks-settled", ok, at: clockOf(world, host) });
  });
}

/** Asks whether the servers work. */
export function checkHealth(world: World, host: Host, life: Life, next: Next): void {
  const isSick = isSickNow(world, host);
  const delay = world.random.below(world.faulty ? 1_500 : 20);
  world.time.after(delay, () => {
    if (life.ended !== "no") return;
    const result = isSick ? { ok: false, reason: "500" } as const : { ok: true } as const;
    next({ kind: "health-checked", result, at: clockOf(world, host) });
  });
}

/** The answer of the health checks before a write. */
export function baselineOf(world: World, host: Host): "healthy" | "sick" | null {
  if (world.setting.limits.health === null || host.disk.snapshot === null) return null;
  return isSickNow(world, host) ? "sick" : "healthy";
}

function isSickNow(world: World, { disk: { snapshot }, sick }: Host): boolean {
  return snapshot !== null && (world.sick.has(contentIn(snapshot)) || sick.has(contentIn(snapshot)));
}

/** Counts and traces a report. */
export function noteReport(world: World, { name, done, disk, life }: Host, report: Report<SnapshotId>): void {
  if (report.kind === "activated" && life !== null) tidy(life.state.releases.kept, disk);
  if (report.kind === "activated" && report.held !== null) done.substituted++;
  noteRollout(world, report);
  if (report.kind === "rolling-back") {
    const { from, to, rollback: { cause, scope } } = report;
    if (cause === "health") done.automatic++;
    world.trace(`${name} rolls ${shortOf(from.hash)} back to ${shortOf(to)} (${cause}, ${scope})`);
  } else if (!("reasons" in report)) world.trace(`${name} reports ${report.kind}`);
  else if (report.kind !== "unchanged") world.trace(`${name}: ${report.kind} for ${report.reasons.join(" ")}`);
}

/** The order of a person to go back, as the admin interface judges it; null: there is nothing to go back to. */
export function rollbackOrder(world: World, { life }: Host, number: number | null): Order | null {
  assert(life !== null, "only a running host takes orders");
  const scope = chance(world, 300) ? "host" : "fleet";
  const isForced = number !== null && chance(world, 400);
  const target = targetOf(life.state.releases.kept, number, { isForFleet: scope === "fleet", isForced });
  if (!target.ok) return null;
  const common = { cause: "rollback", author: "ada", reason: "bad", isForced } as const;
  return { kind: "roll-back", rollback: { ...common, to: target.release.hash, scope } };
}
