// The latest events in a bounded ring, each with an id that grows by one. Every listener receives every event once and
// in order, even if another listener is slow or throws.
import type { DaemonEvent, EventSource } from "./daemon_api.ts";

/** The data of an event: short, flat and without secrets. */
export type EventData = Readonly<Record<string, string | number | boolean | null>>;

/** The events that are kept, and the way to add one. */
export interface EventFeed extends EventSource {
  /** Keeps an event and calls the listeners before it returns; within a listener, after that one returned. */
  add(kind: DaemonEvent["kind"], data: EventData): void;
}

export interface EventFeedSettings {
  /** Tells the ids of this process from those of another; random by default. */
  readonly epoch?: string;
  /** In milliseconds since 1970. */
  readonly now?: () => number;
  /** In events. */
  readonly capacity?: number;
  /** In bytes of JSON; the latest event is kept in any case. */
  readonly maxBytes?: number;
  /** Receives an exception of a listener, which is a bug in the listener. Must not throw. */
  readonly onListenerError?: (error: unknown) => void;
}

/** Of one text in an event's data, in UTF-16 units; as long as the reason of a rejection may be. */
const MAX_TEXT_LENGTH = 300;
const DEFAULT_CAPACITY = 1_000;
const DEFAULT_MAX_BYTES = 1 << 20;

interface Follower {
  readonly listener: (event: DaemonEvent) => void;
  /** The latest event when it began to follow: it receives only later ones. */
  readonly after: number;
}

/** Opens an empty feed. */
export function openEventFeed(settings: EventFeedSettings = {}): EventFeed {
  const { epoch = crypto.randomUUID(), now = Date.now, onListenerError = () => {} } = settings;
  const { capacity = DEFAULT_CAPACITY, maxBytes = DEFAULT_MAX_BYTES } = settings;
  const kept: { readonly event: DaemonEvent; readonly bytes: number }[] = [];
  const followers = new Set<Follower>();
  const undelivered: DaemonEvent[] = [];
  let bytesKept = 0;
  let latest = 0;
  let delivering = false;

  const keep = (event: DaemonEvent): void => {
    const bytes = new TextEncoder().encode(JSON.stringify(event)).length;
    kept.push({ event, bytes });
    bytesKept += bytes;
    while (kept.length > 1 && (kept.length > capacity || bytesKept > maxBytes)) bytesKept -= kept.shift()!.bytes;
  };
  const deliverTo = (follower: Follower, event: DaemonEvent): void => {
    if (!followers.has(follower) || event.id <= follower.after) return;
    try {
      follower.listener(event);
    } catch (error) {
      onListenerError(error);
    }
  };
  // If a listener adds an event, the listeners after it would receive the later one first. So the new event waits.
  const deliver = (): void => {
    if (delivering) return;
    delivering = true;
    try {
      for (let event = undelivered.shift(); event !== undefined; event = undelivered.shift()) {
        for (const follower of [...followers]) deliverTo(follower, event);
      }
    } finally {
      delivering = false;
    }
  };

  return {
    epoch,
    latest: () => latest,
    after: (id) => kept.filter(({ event }) => event.id > id).map(({ event }) => event),
    follow(listener) {
      const follower: Follower = { listener, after: latest };
      followers.add(follower);
      return () => void followers.delete(follower);
    },
    add(kind, data) {
      const event = Object.freeze({ id: ++latest, kind, at: new Date(now()).toISOString(), data: shortened(data) });
      keep(event);
      undelivered.push(event);
      deliver();
    },
  };
}

/** A copy of its own, its texts cut to {@linkcode MAX_TEXT_LENGTH}; a pair of surrogates is not cut in two. */
function shortened(data: EventData): EventData {
  const entries = Object.entries(data).map(([name, value]) => {
    if (typeof value !== "string" || value.length <= MAX_TEXT_LENGTH) return [name, value] as const;
    return [name, `${value.slice(0, MAX_TEXT_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, "")}…`] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}
