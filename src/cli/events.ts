// `honua-configd events`: the daemon's events, one line each, until a signal. If a stream breaks off, the command opens
// it again after the last event shown, with backoff. It ends with 0 if it is interrupted or has shown as many as it
// should, with 3 if nothing answers at its start or the daemon refuses.
import { setTimeout as delay } from "node:timers/promises";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";
import type { AdminFlags } from "./admin_address.ts";
import {
  type AdminClient,
  ANSWER_LIMIT_MILLISECONDS,
  jsonBody,
  unavailable,
  unexpectedAnswer,
  withAdminClient,
} from "./admin_client.ts";
import { readEvents, type StreamEvent, type StreamLimits } from "./event_stream.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface EventsRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
  /** End after this many events; null: only when interrupted. */
  readonly count: number | null;
}

/** Waits and limits, shorter in tests. */
export interface EventsPace {
  /** Between attempts to open the stream again. */
  readonly backoff: Backoff;
  /** In [0, 1). */
  readonly random: () => number;
  /** Of the stream; the daemon sends a comment every 15 s. */
  readonly limits: StreamLimits;
}

const PACE: EventsPace = {
  backoff: { firstMilliseconds: 1_000, capMilliseconds: 15_000 },
  random: Math.random,
  limits: { idleMilliseconds: 45_000, maxCharacters: 256 * 1024 },
};

/** Follows the events until `stop` is aborted. */
export async function events(
  request: EventsRequest,
  terminal: Terminal,
  stop: AbortSignal,
  pace: EventsPace = PACE,
): Promise<ExitCode> {
  return await withAdminClient(request.address, terminal, (client) => follow(client, request, terminal, stop, pace));
}

/** Follows the events until SIGINT or SIGTERM. */
export async function eventsUntilInterrupted(request: EventsRequest, terminal: Terminal): Promise<ExitCode> {
  const stop = new AbortController();
  const end = () => stop.abort();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, end);
  try {
    return await events(request, terminal, stop.signal);
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, end);
  }
}

interface Progress {
  lastId: string | null;
  shown: number;
  /** Streams in a row that brought no event. */
  failures: number;
  /** Whether a stream was ever open. */
  began: boolean;
  /** Whether the current outage was reported. */
  outage: boolean;
  /** The least wait before the stream is opened again, from the daemon. */
  retryMilliseconds: number;
}

async function follow(
  client: AdminClient,
  request: EventsRequest,
  terminal: Terminal,
  stop: AbortSignal,
  { backoff, random, limits }: EventsPace,
): Promise<ExitCode> {
  const progress: Progress = { lastId: null, shown: 0, failures: 0, began: false, outage: false, retryMilliseconds: 0 };
  while (!stop.aborted) {
    const ended = await followOnce(client, request, { terminal, stop, limits }, progress);
    if (stop.aborted || ended.kind === "enough") return EXIT.done;
    if (ended.kind === "refused" || !progress.began) return unavailable(ended.why, terminal);
    if (!progress.outage) terminal.error(`${ended.why}; trying again until it answers\n`);
    progress.outage = true;
    const asked = Math.min(progress.retryMilliseconds, backoff.capMilliseconds);
    const wait = Math.max(asked, backoffMilliseconds(++progress.failures, random(), backoff));
    await delay(wait, undefined, { signal: stop }).catch(() => {});
  }
  return EXIT.done;
}

/** `lost`: trying again may help; `refused`: it will not. */
type Ended = { readonly kind: "enough" } | { readonly kind: "lost" | "refused"; readonly why: string };

interface Follower {
  readonly terminal: Terminal;
  readonly stop: AbortSignal;
  readonly limits: StreamLimits;
}

async function followOnce(
  client: AdminClient,
  { format, count }: EventsRequest,
  { terminal, stop, limits }: Follower,
  progress: Progress,
): Promise<Ended> {
  const resume = progress.lastId === null ? {} : { "last-event-id": progress.lastId };
  const headers = { accept: "text/event-stream", ...resume };
  const ending = new AbortController();
  const opened = await client.open({ path: "admin/events", headers }, AbortSignal.any([stop, ending.signal]));
  if (!opened.ok) return { kind: "lost", why: opened.message };
  try {
    const { response } = opened;
    const isStream = /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
    if (response.status !== 200 || !isStream || response.body === null) return await refused(response, client, ending);
    if (progress.outage) terminal.error(`${client.name} answers again\n`);
    progress.began = true;
    progress.outage = false;
    for await (
      const event of readEvents(response.body, limits, (milliseconds) => progress.retryMilliseconds = milliseconds)
    ) {
      terminal.out(format === "json" ? jsonLine(jsonOf(event)) : `${textOf(event)}\n`);
      // No header can hold such an id, so no stream can resume from it.
      if (event.lastId !== null && /^[\x21-\x7e]{1,200}$/.test(event.lastId)) progress.lastId = event.lastId;
      progress.failures = 0;
      if (terminal.isUnread()) return { kind: "enough" };
      if (++progress.shown === count) return { kind: "enough" };
    }
    return { kind: "lost", why: `${client.name} ended the stream` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "lost", why: `The stream of ${client.name} broke off: ${terminalText(reason, 300)}` };
  } finally {
    ending.abort();
  }
}

/** A daemon that is busy or about to end may answer later; any other refusal lasts. */
async function refused(response: Response, client: AdminClient, ending: AbortController): Promise<Ended> {
  const { status } = response;
  if (status === 200) return { kind: "refused", why: unexpectedAnswer(client) };
  const timer = setTimeout(() => ending.abort(), ANSWER_LIMIT_MILLISECONDS);
  const body = await jsonBody(response);
  clearTimeout(timer);
  const why = client.refusal({ ok: true, status, body });
  return { kind: status === 429 || status >= 500 ? "lost" : "refused", why };
}

function dataOf(event: StreamEvent): unknown {
  try {
    return JSON.parse(event.data);
  } catch {
    return event.data;
  }
}

function jsonOf(event: StreamEvent): unknown {
  return { id: event.lastId, event: event.kind, data: dataOf(event) };
}

/**
 * `2026-01-31T12:00:00.000Z activated hash=abcdef12 generation=17`. An absolute time, because the line stays on the
 * screen.
 */
function textOf(event: StreamEvent): string {
  const data = dataOf(event);
  if (data === null || typeof data !== "object") {
    return [terminalText(event.kind, 50), terminalText(String(data))].join(" ").trimEnd();
  }
  const { at, ...fields } = data as Record<string, unknown>;
  const shown = Object.entries(fields).flatMap(([name, value]) => value === null ? [] : [fieldText(name, value)]);
  const time = typeof at === "string" ? [terminalText(at, 40)] : [];
  return [...time, terminalText(event.kind, 50), ...shown].join(" ");
}

function fieldText(name: string, value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const short = /^[0-9a-f]{64}$/.test(text) ? shortHash(text) : terminalText(text, 400);
  return `${terminalText(name, 50)}=${/[\s"=]/.test(short) ? JSON.stringify(short) : short}`;
}
