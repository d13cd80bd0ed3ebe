// The daemon's events as server-sent events that a client can resume. Nothing is queued for a follower: the stream
// reads the events that are kept, as fast as the client reads, and an event `reset` reports that some were missed.
import { type Answers, NOT_KEPT } from "./problem.ts";
import type { ConnectionBindings } from "./connections.ts";
import type { AdminLimits } from "./limits.ts";
import type { Route } from "./route.ts";
import type { DaemonApi, DaemonEvent, EventSource } from "./daemon_api.ts";

/** After its stream ended, a client comes back this late. */
const RETRY_MILLISECONDS = 2_000;

/** The most events that one chunk of the stream holds. */
const BATCH_EVENTS = 50;

/**
 * `GET /admin/events`, and `/ui/events` for the page. An event has the id `EPOCH-NUMBER`, its kind as its name, and JSON
 * as its data. Without `Last-Event-ID` the stream begins with the next event. With it, it goes on after that event; if
 * that is not possible (another process, or too long ago) it begins with an event `reset` and goes on with all that is
 * kept.
 *
 * @param mayGoOn whether the follower of a page may still see it, asked before each piece of the stream.
 */
export function eventsRoutes(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  closing: AbortSignal,
  mayGoOn: MayGoOn,
): readonly Route[] {
  // The connection ends with its stream, so that closing the interface waits for no client.
  const headers = { ...NOT_KEPT, "Content-Type": "text/event-stream", "Connection": "close" };
  let followers = 0;
  const answer = (request: Request, { cut }: ConnectionBindings, isAllowed: () => Promise<boolean>) => {
    // The answer to HEAD is this one without its body, which no client would read to its end.
    if (request.method === "HEAD") return new Response(null, { headers });
    if (closing.aborted || followers >= limits.maxFollowers) {
      const [code, detail] = closing.aborted
        ? ["admin/stopping", "The daemon is about to end"]
        : ["admin/too-many", `${limits.maxFollowers} clients follow the events already`];
      return answers.problem({ status: 503, code, detail, headers: { "Retry-After": "5" } });
    }
    followers++;
    // An empty value counts as none: HTML, section 9.2.4.
    const lastEventId = request.headers.get("Last-Event-ID") || null;
    const stream = eventStream(api, lastEventId, limits, {
      closing,
      cut,
      isAllowed,
      onEnd: () => followers--,
    });
    return new Response(stream, { headers });
  };
  return [
    {
      method: "GET",
      path: "/admin/events",
      answer: (request, bindings) => answer(request, bindings, () => Promise.resolve(true)),
    },
    {
      method: "GET",
      path: "/ui/events",
      answer: (request, bindings) => answer(request, bindings, () => mayGoOn(request, bindings)),
    },
  ];
}

type MayGoOn = (request: Request, bindings: ConnectionBindings) => Promise<boolean>;

interface StreamOwner {
  /** Ends the stream. */
  readonly closing: AbortSignal;
  /** Ends the connection of a follower that does not read. */
  readonly cut: () => void;
  /** Asked before each piece; if not, the stream ends. */
  readonly isAllowed: () => Promise<boolean>;
  /** Called once, when the stream has ended for any reason. */
  readonly onEnd: () => void;
}

function eventStream(
  api: DaemonApi,
  lastEventId: string | null,
  limits: AdminLimits,
  { closing, cut, isAllowed, onEnd }: StreamOwner,
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
      if (!isOver && !(await isAllowed())) end();
      if (isOver) return controller.close();
      begin();
      controller.enqueue(encoder.encode(text === "" ? ":\n\n" : text));
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

/** Resolves after that time, or when a caller calls the function that `handOut` receives. */
function sleep(milliseconds: number, handOut: (wakeUp: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    handOut(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

interface Cursor {
  /**
   * The events that the follower has not seen yet, or some of them, in the form of HTML's section 9.2; empty: it has
   * seen all.
   */
  next(): string;
}

function openCursor(events: EventSource, lastEventId: string | null, mask: (text: string) => string): Cursor {
  const { epoch } = events;
  const resumed = lastEventId === null ? null : numberIn(lastEventId, events);
  let seen = resumed ?? (lastEventId === null ? events.latest() : 0);
  // An id without data raises no event; a client that sees no event resumes from it.
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

/** Events were missed: the client's state from earlier ones may be wrong. */
function resetEvent(epoch: string, seen: number, why: string): string {
  return `id: ${epoch}-${seen}\nevent: reset\ndata: ${JSON.stringify({ why })}\n\n`;
}

/** The number of an event of this process; null: the id is of another process, or no event has had it. */
function numberIn(lastEventId: string, events: EventSource): number | null {
  if (!lastEventId.startsWith(`${events.epoch}-`)) return null;
  const digits = lastEventId.slice(events.epoch.length + 1);
  return /^\d{1,15}$/.test(digits) && Number(digits) <= events.latest() ? Number(digits) : null;
}

function eventText(epoch: string, { id, kind, at, data }: DaemonEvent, mask: (text: string) => string): string {
  const json = JSON.stringify({ at, ...data }, (_name, one) => typeof one === "string" ? mask(one) : one);
  return `id: ${epoch}-${id}\nevent: ${kind}\ndata: ${json}\n\n`;
}
