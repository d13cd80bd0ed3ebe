// What happens, as server-sent events that a client resumes where it left off. Nothing is queued for a follower: it is
// fed from the events that are kept, as fast as it reads, and where it missed some it is told so.
import { type Answers, NOT_KEPT } from "./problem.ts";
import type { ConnectionBindings } from "./connections.ts";
import type { AdminLimits } from "./limits.ts";
import type { Route } from "./route.ts";
import type { DaemonApi, DaemonEvent, EventSource } from "./daemon_api.ts";

/** How soon a client comes back after its stream ended, in milliseconds. */
const RETRY_MILLISECONDS = 2_000;

/** The most events that are handed to the server at a time. */
const BATCH_EVENTS = 50;

/**
 * `GET /admin/events`. An event has the id `EPOCH-NUMBER`, its kind as its name, and JSON as its data. Without
 * `Last-Event-ID` the stream begins with what happens next. With it, it goes on after that event; where that is not
 * possible (another process, or too long ago) it begins with an event `reset` and goes on with all that is kept.
 */
export function eventsRoute(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  closing: AbortSignal,
): Route {
  // Its end is the connection's, so that an interface that closes waits for no client.
  const headers = { ...NOT_KEPT, "Content-Type": "text/event-stream", "Connection": "close" };
  let followers = 0;
  const answer = (request: Request, { cut }: ConnectionBindings) => {
    // The answer to HEAD is this one without its body, which nobody would read to its end.
    if (request.method === "HEAD") return new Response(null, { headers });
    if (closing.aborted || followers >= limits.maxFollowers) {
      const [code, detail] = closing.aborted
        ? ["admin/stopping", "The daemon is about to end"]
        : ["admin/too-many", `${limits.maxFollowers} clients follow the events already`];
      return answers.problem({ status: 503, code, detail, headers: { "Retry-After": "5" } });
    }
    followers++;
    // An empty one is none: HTML, section 9.2.4.
    const lastEventId = request.headers.get("Last-Event-ID") || null;
    const stream = eventStream(api, lastEventId, limits, {
      closing,
      cut,
      onEnd: () => followers--,
    });
    return new Response(stream, { headers });
  };
  return { method: "GET", path: "/admin/events", answer };
}

interface StreamOwner {
  /** Ends the stream. */
  readonly closing: AbortSignal;
  /** Ends the connection of a follower that does not read. */
  readonly cut: () => void;
  /** The stream has ended, one way or another; called once. */
  readonly onEnd: () => void;
}

function eventStream(
  api: DaemonApi,
  lastEventId: string | null,
  limits: AdminLimits,
  { closing, cut, onEnd }: StreamOwner,
): ReadableStream<Uint8Array> {
  const { events } = api;
  const cursor = openCursor(events, lastEventId, (text) => api.mask(text));
  const encoder = new TextEncoder();
  let stuck: number | undefined;
  let wake = () => {};
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    clearTimeout(stuck);
    unfollow();
    closing.removeEventListener("abort", end);
    wake();
    onEnd();
  };
  const unfollow = events.follow(() => wake());
  closing.addEventListener("abort", end);
  const begin = () => {
    stuck = setTimeout(() => {
      end();
      cut();
    }, limits.stuckMilliseconds);
  };
  begin();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      clearTimeout(stuck);
      let text = cursor.next();
      if (text === "" && !isOver) {
        await sleep(limits.heartbeatMilliseconds, (wakeUp) => wake = wakeUp);
        text = cursor.next();
      }
      if (isOver) return controller.close();
      begin();
      controller.enqueue(encoder.encode(text === "" ? ":\n\n" : text));
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

/** Resolves after that time, or when the function that is handed out is called. */
function sleep(milliseconds: number, handOut: (wakeUp: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    handOut(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Where a follower is. */
interface Cursor {
  /** What it has not seen yet, or a part of that, in the form of HTML's section 9.2; empty: it has seen all. */
  next(): string;
}

function openCursor(events: EventSource, lastEventId: string | null, mask: (text: string) => string): Cursor {
  const { epoch } = events;
  const resumed = lastEventId === null ? null : numberIn(lastEventId, events);
  let seen = resumed ?? (lastEventId === null ? events.latest() : 0);
  // An id without data raises no event, and is where the client resumes if it sees none.
  let opening = `retry: ${RETRY_MILLISECONDS}\nid: ${epoch}-${seen}\n\n`;
  if (lastEventId !== null && resumed === null) opening += resetEvent(epoch, seen, "another process");
  return {
    next() {
      let text = opening;
      opening = "";
      const missing = events.after(seen);
      const [first] = missing;
      if (first !== undefined && first.id > seen + 1) text += resetEvent(epoch, first.id - 1, "too long ago");
      for (const event of missing.slice(0, BATCH_EVENTS)) {
        text += eventText(epoch, event, mask);
        seen = event.id;
      }
      return text;
    },
  };
}

/** Events were missed: what the client made of the earlier ones may be wrong. */
function resetEvent(epoch: string, seen: number, why: string): string {
  return `id: ${epoch}-${seen}\nevent: reset\ndata: ${JSON.stringify({ why })}\n\n`;
}

/** The number of an event of this process; null: the id is of another one, or none that was ever given. */
function numberIn(lastEventId: string, events: EventSource): number | null {
  if (!lastEventId.startsWith(`${events.epoch}-`)) return null;
  const digits = lastEventId.slice(events.epoch.length + 1);
  return /^\d{1,15}$/.test(digits) && Number(digits) <= events.latest() ? Number(digits) : null;
}

function eventText(epoch: string, { id, kind, at, data }: DaemonEvent, mask: (text: string) => string): string {
  const json = JSON.stringify({ at, ...data }, (_name, one) => typeof one === "string" ? mask(one) : one);
  return `id: ${epoch}-${id}\nevent: ${kind}\ndata: ${json}\n\n`;
}
