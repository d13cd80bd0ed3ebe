// The releases of this host over HTTP: the history with its sources, and the orders of persons. A source is answered as
// it was written, so it can hold secrets.
import { withinLimit } from "../time/limit.ts";
import type {
  DaemonApi,
  OrderAnswer,
  ReleaseSource,
  RollbackAnswer,
  RollbackRequest,
  StableSource,
} from "./daemon_api.ts";
import type { AdminLimits } from "./limits.ts";
import { type Answers, invalid, NOT_KEPT, overdue, type Problem, refused, STOPPING, tooMany } from "./problem.ts";
import { AUTHOR, type MemberKinds, type Members, readOrder, REASON } from "./request_members.ts";
import type { Route } from "./route.ts";

/** As many releases as `History:Keep` allows, with the one in force and the last good one. */
const MAX_LISTED = 1_002;

/** The size of one chunk of a source. */
const CHUNK_BYTES = 64 * 1024;

const ROLLBACK = {
  number: { kind: "count", min: 1, max: Number.MAX_SAFE_INTEGER },
  reason: REASON,
  author: AUTHOR,
  local: { kind: "flag" },
  force: { kind: "flag" },
} as const;
const HOLD = { until: { kind: "line", maxLength: 40 }, reason: REASON, author: AUTHOR } as const;
const BY_AUTHOR = { author: AUTHOR } as const;

/** ISO 8601 with a zone: the daemon's own zone is no business of its clients. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * `GET /admin/releases`, `/admin/releases/{number or hash}`, `/admin/releases/{number or hash}/source` and
 * `/admin/stable/source`; `POST /admin/rollback`, `/admin/hold`, `/admin/release-hold` and `/admin/confirm`. `now` is
 * the clock of the answers.
 */
export function releaseRoutes(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  now: () => Date,
): readonly Route[] {
  const timestamp = () => now().toISOString();
  const ordered = async (order: Promise<OrderAnswer>, status: string) => {
    const answer = await order;
    return answer.ok ? answers.json({ status, timestamp: timestamp() }) : answers.problem(refused(answer.reason));
  };
  /** A route for an order that needs no look at a source. */
  const order = <K extends MemberKinds>(
    path: string,
    kinds: K,
    carryOut: (members: Members<K>) => Response | Promise<Response>,
  ): Route => ({
    method: "POST",
    path,
    async answer(request) {
      const read = await readOrder(request, limits, kinds);
      return read.ok ? await carryOut(read.value) : answers.problem(read.problem);
    },
  });
  return [
    { method: "GET", path: "/admin/releases", answer: (request) => list(request, api, answers) },
    {
      method: "GET",
      path: "/admin/releases/:release",
      answer(_request, _bindings, { release = "" } = {}) {
        const found = api.release(release);
        return found === null ? answers.problem(unknownRelease(release)) : answers.json(found);
      },
    },
    ...sourceRoutes(api, answers, limits),
    rollbackRoute(api, answers, limits, timestamp),
    order("/admin/hold", HOLD, ({ until, reason, author = null }) => {
      if (until === undefined || !INSTANT.test(until) || Number.isNaN(Date.parse(until))) {
        return answers.problem(invalid("until must be a time with a zone, as in 2026-01-31T12:00:00Z"));
      }
      if (reason === undefined) return answers.problem(invalid("reason must be given"));
      return ordered(api.hold({ until: Date.parse(until), reason, author }), "held");
    }),
    order("/admin/release-hold", BY_AUTHOR, ({ author = null }) => ordered(api.releaseHold(author), "released")),
    order("/admin/confirm", BY_AUTHOR, ({ author = null }) => ordered(api.confirm(author), "confirmed")),
  ];
}

function list(request: Request, api: DaemonApi, answers: Answers): Response {
  const limit = readLimit(new URL(request.url).searchParams.getAll("limit"));
  if (limit !== null) return answers.json({ releases: api.releases().slice(0, limit) });
  const detail = `limit must be a whole number from 1 to ${MAX_LISTED}`;
  return answers.problem({ status: 400, code: "admin/malformed", detail });
}

/** Null: the value is invalid. */
function readLimit(values: readonly string[]): number | null {
  if (values.length === 0) return MAX_LISTED;
  const [value] = values;
  if (values.length > 1 || !/^[1-9]\d{0,3}$/.test(value!)) return null;
  return Number(value) <= MAX_LISTED ? Number(value) : null;
}

/** Both hold at most this many texts together. */
function sourceRoutes(api: DaemonApi, answers: Answers, limits: AdminLimits): readonly Route[] {
  const answer = sourceAnswers(answers, limits);
  return [
    {
      method: "GET",
      path: "/admin/releases/:release/source",
      answer: (request, _bindings, { release = "" } = {}) => answer(request, () => api.releaseSource(release)),
    },
    {
      method: "GET",
      path: "/admin/stable/source",
      answer: (request) => answer(request, (signal) => api.stableSource(signal)),
    },
  ];
}

type AnySource = ReleaseSource | StableSource;

function sourceAnswers(answers: Answers, limits: AdminLimits) {
  let held = 0;
  return async (request: Request, begin: (signal: AbortSignal) => Promise<AnySource>): Promise<Response> => {
    if (held >= limits.maxSources) return answers.problem(tooMany(`${limits.maxSources} sources are read already`));
    held++;
    let isHeld = true;
    const free = () => {
      if (isHeld) held--;
      isHeld = false;
    };
    const ending = new AbortController();
    // A read that is overdue holds its place until it ends.
    const reading = begin(ending.signal);
    reading.catch(() => {});
    const read = await withinLimit(reading, limits.answerMilliseconds, request.signal);
    if (!read.ok) {
      ending.abort();
      void reading.finally(free).catch(() => {});
      return answers.problem(overdue("The source was not read", limits.answerMilliseconds));
    }
    if (read.value.ok && request.method !== "HEAD") return served(read.value, free);
    free();
    if (read.value.ok) return new Response(null, { headers: headersOf(read.value) });
    const { isUnknown, reason: detail } = read.value;
    return answers.problem(
      isUnknown
        ? { status: 404, code: "admin/no-release", detail }
        : { status: 503, code: "admin/source-unreadable", detail },
    );
  };
}

type FoundSource = Extract<AnySource, { ok: true }>;

function headersOf(source: FoundSource): Record<string, string> {
  const { bytes, format } = source;
  const hash = "hash" in source ? source.hash : source.release.hash;
  return {
    ...NOT_KEPT,
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(bytes.length),
    "X-Honua-Hash": hash,
    "X-Honua-Format": format,
    "X-Content-Type-Options": "nosniff",
  };
}

/** Calls back when the client has read the source, or will not. */
function served(source: FoundSource, onEnd: () => void): Response {
  const { bytes } = source;
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
      at += CHUNK_BYTES;
      if (at < bytes.length) return;
      controller.close();
      onEnd();
    },
    cancel: onEnd,
  }, { highWaterMark: 0 });
  return new Response(stream, { headers: headersOf(source) });
}

function rollbackRoute(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  timestamp: () => string,
): Route {
  let running = 0;
  return {
    method: "POST",
    path: "/admin/rollback",
    async answer(request) {
      const read = await readOrder(request, limits, ROLLBACK);
      if (!read.ok) return answers.problem(read.problem);
      const { number = null, reason, author = null, local = false, force = false } = read.value;
      if (reason === undefined) return answers.problem(invalid("reason must be given"));
      if (force && number === null) return answers.problem(invalid("force needs the number of the release"));
      if (running >= limits.maxReloads) {
        return answers.problem(tooMany(`${limits.maxReloads} requests wait for a rollback already`));
      }
      running++;
      const wanted: RollbackRequest = { number, reason, author, local, force };
      // Counted until the rollback ends, even if the answer did not wait for that.
      const rollback = api.rollBack(wanted).finally(() => running--);
      const done = await withinLimit(rollback, limits.reloadMilliseconds, request.signal);
      if (!done.ok) {
        return answers.problem(overdue("The rollback goes on, but was not done", limits.reloadMilliseconds));
      }
      return rollbackAnswer(done.value, answers, timestamp());
    },
  };
}

function rollbackAnswer(answer: RollbackAnswer, answers: Answers, timestamp: string): Response {
  switch (answer.kind) {
    case "done": {
      const { kind: _, ...members } = answer;
      return answers.json({ status: "rolled-back", timestamp, ...members });
    }
    case "refused":
      return answers.problem(refused(answer.reason));
    case "failed":
      return answers.problem({ status: 503, code: "admin/rollback-failed", detail: answer.reason });
    case "stopping":
      return answers.problem(STOPPING);
  }
}

function unknownRelease(reference: string): Problem {
  const shown = /^[0-9a-zA-Z]{1,64}$/.test(reference) ? reference : "of that name";
  const detail = `There is no single release ${shown}: give a number of the history, or at least 8 digits of a hash`;
  return { status: 404, code: "admin/no-release", detail };
}
