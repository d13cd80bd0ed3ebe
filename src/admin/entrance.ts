// One way in: a listener that is opened as soon as the host allows it, and its connections. What keeps it from being
// opened is told once, and tried again ever more slowly until it is disposed of.
import { setTimeout as delay } from "node:timers/promises";
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";
import type { Authorize } from "./auth.ts";
import type { Connections } from "./connections.ts";

/** A listener that is open. */
export interface OpenedListener {
  /** Accepts its connections. */
  readonly listener: Deno.Listener<Deno.Conn>;
  /** Judges each request; null: everyone may ask. */
  readonly authorize: Authorize | null;
  /** Where it is reached. */
  readonly address: string;
  /** What is unwise about its settings, in one line each. */
  readonly warnings: readonly string[];
  /** Called before the listener is closed. */
  remove(): void;
}

/** Why there is none, in one line with an advice; `isOption`: the settings are wrong, not the host. */
export interface ListenerRefusal {
  /** Tells it from a listener. */
  readonly ok: false;
  /** One line. */
  readonly message: string;
  /** Whether waiting for the host cannot help. */
  readonly isOption: boolean;
}

/** A listener, or why there is none. */
export type ListenerOpening = ({ readonly ok: true } & OpenedListener) | ListenerRefusal;

/** What an entrance is made of. */
export interface EntranceSettings {
  /** Opens the listener, or says why not; called again after a failure. */
  readonly open: () => Promise<ListenerOpening>;
  /** Serves its connections. */
  readonly serve: (opened: OpenedListener) => Connections;
  /** Is told when it is open. */
  readonly onOpen: (opened: OpenedListener) => void;
  /** Is told why it is not, where that is news. */
  readonly onTrouble: (message: string) => void;
  /** Between attempts; default from 1 s to 60 s. */
  readonly backoff?: Backoff;
  /** In [0, 1), for the backoff; default `Math.random`. */
  readonly random?: () => number;
}

/** A way in. */
export interface Entrance extends AsyncDisposable {
  /** Where it is reached; null: nowhere yet. */
  address(): string | null;
}

/** An entrance that was opened or will be, or why it can never be. */
export type OpenedEntrance = { readonly ok: true; readonly entrance: Entrance } | ListenerRefusal;

/** Between attempts to open it. */
const BACKOFF: Backoff = { firstMilliseconds: 1_000, capMilliseconds: 60_000 };

/** Makes a first attempt, and where the host is at fault goes on trying; later every fault is the host's. */
export async function openEntrance(settings: EntranceSettings): Promise<OpenedEntrance> {
  const { open, serve, onOpen, onTrouble, backoff = BACKOFF, random = Math.random } = settings;
  let current: { readonly opened: OpenedListener; readonly connections: Connections } | null = null;
  let closing: Promise<void> | null = null;
  const ending = new AbortController();
  let told = "";
  const take = (opening: ListenerOpening): boolean => {
    if (!opening.ok) {
      if (opening.message !== told) onTrouble(opening.message);
      told = opening.message;
      return false;
    }
    if (closing !== null) {
      opening.remove();
      opening.listener.close();
      return true;
    }
    current = { opened: opening, connections: serve(opening) };
    onOpen(opening);
    return true;
  };
  // What the system refuses in an unforeseen place must not end the daemon, which works without this way in.
  const openLater = async (): Promise<ListenerOpening> => {
    try {
      return await open();
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error), isOption: false };
    }
  };
  const keepTrying = async () => {
    for (let attempt = 1; closing === null; attempt++) {
      const wait = backoffMilliseconds(attempt, random(), backoff);
      await delay(wait, undefined, { signal: ending.signal }).catch(() => {});
      if (closing !== null || take(await openLater())) return;
    }
  };
  const first = await open();
  if (!first.ok && first.isOption) return first;
  const trying = take(first) ? Promise.resolve() : keepTrying();
  const close = async () => {
    ending.abort();
    current?.opened.remove();
    await Promise.all([trying, current?.connections.close()]);
  };
  const entrance: Entrance = {
    address: () => current?.opened.address ?? null,
    [Symbol.asyncDispose]: () => closing ??= close(),
  };
  return { ok: true, entrance };
}
