// The snapshot in force, with its content hash as entity tag. A client that has it can wait for another one: such a
// wait costs one listener and one timer, and all requests share one buffer of bytes.
import { type Answers, NOT_KEPT, STOPPING, tooMany } from "./problem.ts";
import { conditionForm, matchesWeakly, readCondition, type TagCondition } from "./entity_tag.ts";
import type { AdminLimits } from "./limits.ts";
import type { Route } from "./route.ts";
import type { DaemonApi, ServedSnapshot } from "./daemon_api.ts";
import { withinLimit } from "../time/limit.ts";

/** The longest that one request waits for another snapshot, in seconds. */
const MAX_WAIT_SECONDS = 300;

/** The size of one chunk of the body. */
const CHUNK_BYTES = 64 * 1024;

/**
 * `GET /admin/snapshot`. With `If-None-Match` and `?wait=SECONDS` the answer comes as soon as another snapshot is in
 * force, or is 304 when that time is over. If none is in force, `wait` waits for the first. `closing` ends all waits.
 */
export function snapshotRoute(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  closing: AbortSignal,
): Route {
  let waiters = 0;
  const answer = async (request: Request) => {
    const wait = readWait(new URL(request.url).searchParams.getAll("wait"));
    if (wait === null) {
      const detail = `wait must be a whole number of seconds from 1 to ${MAX_WAIT_SECONDS}`;
      return answers.problem({ status: 400, code: "admin/malformed", detail });
    }
    const header = request.headers.get("If-None-Match");
    const known = header === null ? NOTHING_KNOWN : readCondition(header);
    if (known === null) {
      return answers.problem({ status: 400, code: "admin/malformed", detail: conditionForm("If-None-Match") });
    }
    const isNew = () => {
      const current = api.contentHash();
      return current !== null && !matchesWeakly(known, current);
    };
    if (wait > 0 && !isNew()) {
      if (waiters >= limits.maxWaiters) {
        return answers.problem(tooMany(`${limits.maxWaiters} requests wait for a snapshot already`, 5));
      }
      waiters++;
      await change(api, isNew, wait * 1000, AbortSignal.any([request.signal, closing]));
      waiters--;
      if (closing.aborted) return answers.problem(STOPPING);
    }
    const current = api.contentHash();
    if (matchesWeakly(known, current)) return notModified(current!);
    const snapshot = await withinLimit(api.snapshot(), limits.answerMilliseconds, request.signal);
    if (!snapshot.ok || snapshot.value === null) {
      const detail = "No snapshot is in force, or it cannot be read at the moment";
      return answers.problem({ status: 503, code: "admin/no-snapshot", detail, headers: { "Retry-After": "1" } });
    }
    const { contentHash } = snapshot.value;
    return matchesWeakly(known, contentHash) ? notModified(contentHash) : served(snapshot.value);
  };
  return { method: "GET", path: "/admin/snapshot", answer };
}

/** The condition of a client that has no snapshot. */
const NOTHING_KNOWN: TagCondition = { kind: "tags", tags: [] };

/** Seconds; 0: the request asks for no wait; null: its value is invalid. */
function readWait(values: readonly string[]): number | null {
  if (values.length === 0) return 0;
  const [value] = values;
  if (values.length > 1 || !/^[0-9]{1,3}$/.test(value!)) return null;
  const seconds = Number(value);
  return seconds >= 1 && seconds <= MAX_WAIT_SECONDS ? seconds : null;
}

/** Resolves when another snapshot is in force, the time is over, or `ended` aborts. */
function change(
  api: DaemonApi,
  isNew: () => boolean,
  waitMilliseconds: number,
  ended: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    unfollow();
    ended.removeEventListener("abort", end);
    resolve();
  };
  const timer = setTimeout(end, waitMilliseconds);
  const unfollow = api.onActivated(() => isNew() && end());
  ended.addEventListener("abort", end);
  if (ended.aborted) end();
  return promise;
}

/** RFC 9110, section 15.4.5: with the header fields that the whole answer would have had. */
function notModified(contentHash: string): Response {
  return new Response(null, { status: 304, headers: { ...NOT_KEPT, ETag: `"${contentHash}"` } });
}

/** A body made of the bytes themselves would copy them for each client; a stream of views on them does not. */
function served({ contentHash, bytes }: ServedSnapshot): Response {
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
      at += CHUNK_BYTES;
      if (at >= bytes.length) controller.close();
    },
  }, { highWaterMark: 0 });
  return new Response(stream, {
    headers: {
      ...NOT_KEPT,
      "Content-Type": "application/json",
      "Content-Length": String(bytes.length),
      ETag: `"${contentHash}"`,
    },
  });
}
