// `honua-configd status`: the configuration in force on this host and whether it is the source's, the verdict first. It
// ends with 0 if the source is in force, the instance does not diverge and neither a hook nor a health check failed for
// it; with 1 if not; with 3 if nothing answers.
import * as z from "zod";
import { isGeneration, isHash } from "../agreement/head.ts";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { agoText, forText } from "../time/elapsed_text.ts";
import type { AdminFlags } from "./admin_address.ts";
import { askFor, withAdminClient } from "./admin_client.ts";
import { rolloutSummarySchema } from "./rollout_text.ts";
import { heldText, releaseRows } from "./status_of_releases.ts";
import { painted, shortHash } from "./table.ts";
import type { DiagnosticAnswer } from "../admin/daemon_api.ts";
import { areDiagnostics, diagnosticsText } from "./diagnostic_answer.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

export interface StatusRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
}

/** The outcomes after which the source is in force, or is held on purpose. */
const GOOD_OUTCOMES: ReadonlySet<string> = new Set(["activated", "unchanged", "held"]);

const hash = z.custom<string>(isHash);
const generation = z.custom<number>(isGeneration);

/** The members of a status that are judged and shown. */
export const statusSchema = z.object({
  version: z.string(),
  instance: z.string(),
  mode: z.string(),
  watching: z.boolean(),
  watch: z.object({ by: z.string(), reason: z.string().nullable() }).nullable().default(null),
  startedAt: z.string(),
  source: z.string().nullable(),
  sourceFrom: z.string().default("file"),
  snapshot: z.string(),
  active: z.object({ hash, since: z.string() }).nullable(),
  generation: generation.nullable(),
  standing: z.string(),
  head: z.object({ generation, hash }).nullable(),
  announcementOwed: z.boolean(),
  lastReload: z.object({
    outcome: z.string(),
    at: z.string(),
    durationMilliseconds: z.number(),
    reasons: z.array(z.string()),
    reason: z.string().nullable(),
    diagnostics: z.custom<readonly DiagnosticAnswer[]>(areDiagnostics),
  }).nullable(),
  redis: z.object({
    state: z.string(),
    since: z.string(),
    reason: z.string().nullable(),
    reconnections: z.number(),
  }),
  hooks: z.array(z.object({
    name: z.string(),
    on: z.string(),
    state: z.string(),
    failures: z.number(),
    heldBy: z.string().nullable().default(null),
    lastRun: z.object({ outcome: z.string(), at: z.string(), reason: z.string().nullable() }).nullable(),
  })).default([]),
  restartNeeded: z.boolean(),
  stored: z.string().nullable().default(null),
  serverForm: z.object({ path: z.string(), stored: z.string().nullable() }).nullable().default(null),
  release: z.object({
    at: z.string().default(""),
    number: z.number(),
    cause: z.string(),
    author: z.string().nullable(),
    reason: z.string().nullable(),
    state: z.string(),
    halted: z.string().nullable().default(null),
  }).nullable().default(null),
  /** An older daemon does not know it. */
  undo: z.object({ to: z.number().nullable() }).default({ to: null }),
  held: z.object({
    kind: z.string(),
    hash,
    by: z.string().nullable(),
    at: z.string().nullable(),
    reason: z.string().nullable(),
    why: z.string(),
    advice: z.string(),
  }).nullable().default(null),
  hold: z.object({ until: z.string(), author: z.string(), reason: z.string() }).nullable().default(null),
  confirmation: z.object({ deadline: z.string(), author: z.string() }).nullable().default(null),
  bake: z.object({ endsAt: z.string().nullable(), failures: z.number() }).nullable().default(null),
  rollout: rolloutSummarySchema.nullable().default(null),
  listenerTroubles: z.array(z.string()).default([]),
  singleMounts: z.array(z.object({ isReplaced: z.boolean(), what: z.string(), todo: z.string() })).default([]),
  /** An older daemon does not tell them. */
  stateTroubles: z.array(z.string()).default([]),
});

export type Status = z.infer<typeof statusSchema>;

/** Asks for the status and shows it; `now` is the time in milliseconds since 1970. */
export async function status(
  request: StatusRequest,
  terminal: Terminal,
  now: () => number = Date.now,
): Promise<ExitCode> {
  return await withAdminClient(request.address, terminal, async (client) => {
    const answer = await askFor(client, "admin/status", statusSchema, terminal);
    if (!answer.ok) return answer.code;
    terminal.out(
      request.format === "json" ? jsonLine(answer.body) : statusText(answer.value, now(), terminal.colourOut),
    );
    return verdictOf(answer.value, now()).isWell ? EXIT.done : EXIT.invalid;
  });
}

/** The files that readers find instead of those in force; null: none, or the daemon does not know. */
function misplacedText({ stored, serverForm }: Status): string | null {
  return misplacedFileText(stored, "snapshot") ?? misplacedFileText(serverForm?.stored ?? null, "server form");
}

function misplacedFileText(stored: Status["stored"], name: string): string | null {
  if (stored === "missing") return `there is no file at the ${name}'s path`;
  return stored === "another" ? `the file at the ${name}'s path is not the one in force` : null;
}

/** The problem that a person must act on, in one line; null: there is none. */
function troubleOf(status: Status, now: number): string | null {
  const { active, lastReload, standing, head, release, hooks, singleMounts } = status;
  const misplaced = misplacedText(status);
  const stays = active === null ? "nothing is in force" : misplaced ?? `${shortHash(active.hash)} stays in force`;
  if (status.held !== null && active !== null) return heldText(status, status.held, now);
  if (lastReload !== null && !GOOD_OUTCOMES.has(lastReload.outcome)) {
    const failures: Record<string, string> = {
      rejected: "The source was rejected",
      unreadable: "The source cannot be read",
      "write-failed": "The snapshot cannot be written",
    };
    const failure = Object.hasOwn(failures, lastReload.outcome)
      ? failures[lastReload.outcome]
      : `The last reload ended as ${terminalText(lastReload.outcome)}`;
    return `${failure}: ${stays}`;
  }
  if (active === null) return "Nothing is in force";
  if (misplaced !== null) {
    return `T${misplaced.slice(1)}: honua-configd reload puts ${shortHash(active.hash)} there`;
  }
  const old = singleMounts.find((one) => one.isReplaced);
  if (old !== undefined) return terminalText(old.what);
  if (standing === "diverged") {
    const last = head === null ? "" : `; the latest change, on another host, is ${headText(head)}`;
    return `Diverged: ${shortHash(active.hash)} is in force here${last}`;
  }
  if (release?.state === "failed") {
    const why = release.halted === null ? "" : `; it was not rolled back: ${terminalText(release.halted)}`;
    return `${shortHash(active.hash)} is in force, and its health checks failed${why}`;
  }
  const failed = hooks.filter((hook) => hook.on === "activated" && hook.failures > 0);
  if (failed.length === 0) return null;
  return `${shortHash(active.hash)} is in force, but hooks failed: ${namesOf(failed)}`;
}

function namesOf(hooks: Status["hooks"]): string {
  return hooks.map((hook) => terminalText(hook.name)).join(", ");
}

function headText({ hash, generation }: NonNullable<Status["head"]>): string {
  return `${shortHash(hash)} (generation ${generation})`;
}

/** The hash in force, or the problem that a person must act on, in one line. */
export function verdictOf(status: Status, now: number): { readonly isWell: boolean; readonly headline: string } {
  const trouble = troubleOf(status, now);
  const known = status.lastReload === null ? "found at the start, no reload has ended yet" : "as the source says";
  const headline = trouble ?? `In force: ${shortHash(status.active?.hash ?? "")}, ${known}`;
  return { isWell: trouble === null, headline };
}

function statusText(status: Status, now: number, colour: boolean): string {
  const { isWell, headline } = verdictOf(status, now);
  const rows: [string, string][] = [
    ["In force", inForceText(status, now)],
    ...releaseRows(status, now),
    ["Source", placeText(status)],
    ["Last reload", lastReloadText(status, now)],
    ["Cluster", clusterText(status)],
    ["Redis", redisText(status, now)],
    ["Snapshot", terminalText(status.snapshot)],
    ["Server form", status.serverForm === null ? "none" : terminalText(status.serverForm.path)],
    [
      "Instance",
      `${terminalText(status.instance)}, version ${terminalText(status.version)}, up ${forText(status.startedAt, now)}`,
    ],
  ];
  if (status.hooks.length > 0) rows.splice(-2, 0, ...status.hooks.map((hook) => hookRow(hook, now)));
  if (status.restartNeeded) rows.push(["Restart", "needed: the options file changed, and options are read once"]);
  for (const trouble of status.listenerTroubles) rows.push(["Admin", terminalText(trouble)]);
  for (const { what, todo } of status.singleMounts) rows.push(["Warning", terminalText(`${what}: ${todo}`)]);
  for (const trouble of status.stateTroubles) rows.push(["Warning", terminalText(trouble)]);
  const lines = rows.map(([name, text]) => `${name.padEnd(13)}${text}`);
  const found = diagnosticsText(status.lastReload?.diagnostics ?? [], colour);
  return `${[painted(headline, isWell ? "strong" : "trouble", colour), ...lines].join("\n")}\n${found && `\n${found}`}`;
}

/** The origin of the configuration. */
function placeText(status: Status): string {
  const { source, sourceFrom } = status;
  if (source === null) return "the store: no file is read";
  const place = `${terminalText(source)} (${watchText(status)})`;
  return sourceFrom === "both" ? `${place}; while it is missing, the store` : place;
}

/** An older daemon says only whether it watches. */
function watchText({ watching, watch }: Status): string {
  if (!watching) return "not watched: reloads only on request";
  if (watch?.by !== "polling") return "watched";
  return `polled only, as events cannot be had: ${terminalText(watch.reason ?? "")}`;
}

function inForceText({ active, generation, standing }: Status, now: number): string {
  if (active === null) return "nothing";
  // Otherwise the generation is that of an earlier agreement.
  const agreed = generation === null || standing !== "agreed" ? "" : `, generation ${generation}`;
  return `${shortHash(active.hash)}${agreed}, ${forText(active.since, now)}`;
}

function lastReloadText({ lastReload }: Status, now: number): string {
  if (lastReload === null) return "none yet";
  const { outcome, at, durationMilliseconds, reasons, reason } = lastReload;
  const asked = reasons.length === 0 ? "" : `, asked for by ${terminalText(reasons.join(", "), 200)}`;
  const why = reason === null ? "" : `: ${terminalText(reason)}`;
  const took = `took ${Math.round(durationMilliseconds)} ms`;
  return `${terminalText(outcome)} ${agoText(at, now)} (${took}${asked})${why}`;
}

function hookRow(
  { name, on, state, failures, heldBy, lastRun }: Status["hooks"][number],
  now: number,
): [string, string] {
  const times = failures === 0 ? "" : `, ${failures} ${failures === 1 ? "failure" : "failures"}`;
  const why = lastRun?.reason ? `: ${terminalText(lastRun.reason)}` : "";
  // A health hook's state is its last answer.
  const outcome = lastRun === null || lastRun.outcome === state ? "" : `${terminalText(lastRun.outcome)} `;
  const last = lastRun === null ? "" : `, ${outcome}${agoText(lastRun.at, now)}${why}`;
  const shown = heldBy === null ? terminalText(state) : `not run, because hook ${terminalText(heldBy)} failed`;
  return ["Hook", `${terminalText(name)} (${terminalText(on)}): ${shown}${times}${last}`];
}

function clusterText({ mode, standing, head, announcementOwed, redis }: Status): string {
  if (mode === "alone") return `none: ${terminalText(redis.reason ?? "High Availability is off")}`;
  const standings: Record<string, string> = { unknown: "not known whether the others agree" };
  const known = Object.hasOwn(standings, standing) ? standings[standing]! : terminalText(standing);
  const agreed = head === null ? "" : `, head ${headText(head)}`;
  return `${announcementOwed ? "a change waits to be announced" : known}${agreed}`;
}

function redisText({ redis: { state, since, reason, reconnections } }: Status, now: number): string {
  if (state === "disabled") return "not used";
  const times = reconnections === 0
    ? ""
    : `, ${reconnections} ${reconnections === 1 ? "reconnection" : "reconnections"}`;
  const why = reason === null ? "" : `${state === "up" ? ", but" : ""}: ${terminalText(reason)}`;
  return `${terminalText(state)} ${forText(since, now)}${times}${why}`;
}
