// `honua-configd reload`: makes the daemon look at its source now, and waits for the result. It ends with 0 if the
// source is in force, with 1 if it was rejected or is held, with 3 if the daemon did not answer or could not do all of
// it, or if another snapshot than the one of `--if-match` is in force. With `--watch` it goes on until the fleet has the
// source.
import * as z from "zod";
import { isGeneration, isHash } from "../agreement/head.ts";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import type { AdminFlags } from "./admin_address.ts";
import { type AdminAnswer, type AdminClient, unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import type { DiagnosticAnswer } from "../admin/daemon_api.ts";
import { areDiagnostics, diagnosticsText } from "./diagnostic_answer.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { personOf } from "./person.ts";
import { askRollout, PACE, type WatchPace } from "./rollout.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { type Look, watchReload } from "./watched_reload.ts";

export interface ReloadCommandRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
  /** Makes the other instances look again even if nothing changed here. */
  readonly notify: boolean;
  /** Announces over a head that moved on. */
  readonly force: boolean;
  /** Comes to all hosts at once, without the steps of a rollout. */
  readonly now: boolean;
  /** Runs the source without the approvals that it needs. */
  readonly emergency: boolean;
  /** The entity tag of the snapshot that must be in force, with or without its quotes; null: any. */
  readonly ifMatch: string | null;
  /** Null: the user. */
  readonly author: string | null;
  /** One line for the history; null: none. */
  readonly reason: string | null;
  /** The change goes back after this time unless it is confirmed; null: it does not. */
  readonly confirmSeconds: number | null;
  /** Null: end with the reload; else follow the rollout, for at most so many milliseconds if that is not null. */
  readonly watch: { readonly limitMilliseconds: number | null } | null;
}

/** The daemon gives a reload 60 s; the rest is for its answer to arrive. */
const RELOAD_LIMIT_MILLISECONDS = 65_000;

type Answered = Extract<AdminAnswer, { ok: true }>;

const hash = z.custom<string>(isHash);
const generation = z.custom<number>(isGeneration);

const doneSchema = z.object({
  status: z.enum(["reloaded", "unchanged"]),
  hash,
  generation: generation.nullable(),
  instancesNotified: z.number(),
  standing: z.string().optional(),
  notNotified: z.string().nullable().optional(),
  warnings: z.array(z.string()).optional(),
});

const heldSchema = z.object({
  code: z.literal("admin/held"),
  detail: z.string(),
  hash: hash.optional(),
  awaitsRollout: z.boolean().optional(),
});

const rejectedSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  diagnostics: z.custom<readonly DiagnosticAnswer[]>(areDiagnostics),
});

/** Requests the reload and reports its result. */
export async function reload(
  request: ReloadCommandRequest,
  terminal: Terminal,
  pace: WatchPace = PACE,
): Promise<ExitCode> {
  const tag = request.ifMatch === null ? null : entityTagOf(request.ifMatch);
  if (tag === undefined) {
    terminal.error("--if-match takes the ETag of /admin/snapshot: 64 hexadecimal digits, in quotes or not, or *\n");
    return EXIT.usage;
  }
  const { watch, format } = request;
  return await withAdminClient(request.address, terminal, async (client) => {
    const answer = await ask(client, tag, request, terminal);
    if (watch === null) return await report(answer, request, client, terminal);
    let next: AdminAnswer | null = answer;
    const look = async () => {
      // The condition and the wish to notify the others are about the first look.
      const again = { ...request, notify: false };
      const [looked, wanted] = next === null ? [await ask(client, null, again, terminal), again] : [next, request];
      next = null;
      return { look: lookOf(looked), report: () => report(looked, wanted, client, terminal) };
    };
    return await watchReload({ ...watch, format, look, ask: () => askRollout(client) }, terminal, pace);
  });
}

async function ask(
  client: AdminClient,
  tag: string | null,
  request: ReloadCommandRequest,
  terminal: Terminal,
): Promise<AdminAnswer> {
  return await client.ask({
    method: "POST",
    path: "admin/metadata/reload",
    headers: tag === null ? {} : { "if-match": tag },
    json: wantedOf(request, terminal),
    limitMilliseconds: RELOAD_LIMIT_MILLISECONDS,
  });
}

async function report(
  answer: AdminAnswer,
  request: ReloadCommandRequest,
  client: AdminClient,
  terminal: Terminal,
): Promise<ExitCode> {
  if (!answer.ok) return unavailable(answer.message, terminal);
  const code = answer.status === 200
    ? reportDone(answer.body, request, terminal)
    : reportRejected(answer, terminal) ?? reportRefused(answer, request, client, terminal);
  if (code === null) return unavailable(unexpectedAnswer(client), terminal);
  if (request.format === "json") terminal.out(jsonLine(answer.body));
  else if (code === EXIT.done && request.confirmSeconds !== null) terminal.out(await confirmationText(client));
  return code;
}

/** An answer that has no form of these leads to no rollout. */
function lookOf(answer: AdminAnswer): Look {
  if (!answer.ok) return { kind: "ended" };
  const done = doneSchema.safeParse(answer.status === 200 ? answer.body : null);
  if (done.success) return { kind: "in-force", hash: done.data.hash, standing: done.data.standing ?? "agreed" };
  const held = heldSchema.safeParse(answer.body);
  if (!held.success || held.data.awaitsRollout !== true || held.data.hash === undefined) return { kind: "ended" };
  return { kind: "awaits-rollout", hash: held.data.hash };
}

/** Only members that are wanted, because a daemon of an earlier version refuses those that it does not know. */
function wantedOf(request: ReloadCommandRequest, terminal: Terminal): Record<string, unknown> {
  const { notify: notifyOtherInstances, force, emergency, reason, confirmSeconds } = request;
  const author = personOf(request.author, terminal.environment);
  const now = request.now ? true : null;
  const details = Object.entries({ now, author, reason, confirmSeconds }).filter(([, value]) => value !== null);
  return { notifyOtherInstances, force, ...emergency && { emergency }, ...Object.fromEntries(details) };
}

const confirmationSchema = z.object({ confirmation: z.object({ deadline: z.string() }).nullable() });

/** The confirmation that the daemon waits for: none if the source was in force before. */
async function confirmationText(client: AdminClient): Promise<string> {
  const answer = await client.ask({ path: "admin/status" });
  const parsed = confirmationSchema.safeParse(answer.ok ? answer.body : null);
  if (!parsed.success) return "Whether it goes back by itself is not known: honua-configd status shows it\n";
  const { confirmation } = parsed.data;
  return confirmation === null
    ? "Nothing waits for a confirmation: no new configuration came into force by this reload or a moment before\n"
    : `It goes back at ${terminalText(confirmation.deadline)} unless it is confirmed: honua-configd confirm\n`;
}

/** RFC 9110, section 8.8.3; undefined: it is no entity tag. */
function entityTagOf(argument: string): string | undefined {
  const text = argument.trim();
  if (/^[0-9A-Fa-f]{64}$/.test(text)) return `"${text.toLowerCase()}"`;
  return text === "*" || /^(W\/)?"[\x21\x23-\x7e]*"$/.test(text) ? text : undefined;
}

function reportDone(
  body: unknown,
  { format, notify, force }: ReloadCommandRequest,
  terminal: Terminal,
): ExitCode | null {
  const parsed = doneSchema.safeParse(body);
  if (!parsed.success) return null;
  const { status, hash, generation, instancesNotified, standing = "agreed", notNotified = null, warnings = [] } =
    parsed.data;
  const notified = status === "reloaded" || notify || force ? `, ${countText(instancesNotified)} notified` : "";
  // Otherwise the generation is that of an earlier agreement.
  const numbered = generation === null || standing !== "agreed" ? "" : ` (generation ${generation})`;
  const word = status === "reloaded" ? "Reloaded" : "Unchanged";
  if (format === "text") terminal.out(`${word}: ${shortHash(hash)} is in force${numbered}${notified}\n`);
  if (standing === "diverged") {
    const advice = force ? "" : ". --force announces this one over it";
    terminal.error(`Diverged: the latest change, on another host, is another configuration${advice}\n`);
  }
  for (const warning of warnings) terminal.error(`Warning: ${terminalText(warning)}\n`);
  if (!notify || notNotified === null) return EXIT.done;
  terminal.error(`The others were not notified: ${terminalText(notNotified)}\n`);
  return EXIT.unavailable;
}

function countText(instances: number): string {
  return `${instances} other ${instances === 1 ? "instance" : "instances"}`;
}

/** Null: the daemon refused something else than the source; a malformed request also gets a 422. */
function reportRejected({ status, body }: Answered, terminal: Terminal): ExitCode | null {
  const parsed = rejectedSchema.safeParse(body);
  if (status !== 422 || !parsed.success) return null;
  const { detail, title, diagnostics } = parsed.data;
  terminal.error(diagnosticsText(diagnostics, terminal.colourError));
  terminal.error(
    `Rejected: ${terminalText(detail ?? title ?? "the source is not valid")}; the snapshot in force stays\n`,
  );
  return EXIT.invalid;
}

function reportRefused(
  answer: Answered,
  { force }: ReloadCommandRequest,
  client: AdminClient,
  terminal: Terminal,
): ExitCode {
  const held = heldSchema.safeParse(answer.body);
  if (answer.status === 409 && held.success) {
    terminal.error(`Held: ${terminalText(held.data.detail)}; honua-configd status says what to do\n`);
    return EXIT.invalid;
  }
  terminal.error(`${force ? "Not announced" : "Not reloaded"}: ${client.refusal(answer)}\n`);
  return EXIT.unavailable;
}
