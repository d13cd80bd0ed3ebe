// One entrance: a listener that opens as soon as the host allows it, and its connections. A failure to open is reported
// once and retried with growing waits, until the entrance is disposed of.
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";
import { withinLimit } from "../time/limit.ts";
import { pause } from "../time/pause.ts";
import type { Authorize } from "./auth.ts";
import type { Connections } from "./connections.ts";
import type { Acceptor } from "./replaceable_listener.ts";

export interface ListenAddress {
  /** A literal address, without brackets. */
  readonly hostname: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Whether only this host can reach it. */
  readonly isLoopback: boolean;
}

export interface OpenedListener {
  readonly listener: Acceptor;
  /** Judges each request; null: all are allowed. */
  readonly authorize: Authorize | null;
  readonly address: string;
  /** Warnings about its settings, in one line each. */
  readonly warnings: readonly string[];
  /** Checks whether the files of the listener are still there and unchanged, and repairs it if not. */
  readonly look: () => Promise<LookResult | null>;
  /** Called before the listener is closed, and once more after a look that was in progress. Must not reject. */
  remove(): Promise<void>;
}

/** The result of a look at an open listener. Null in its place: nothing has changed. */
export interface LookResult {
  /** Of the log. */
  readonly level: "information" | "warning" | "error";
  /** Whether every look finds it until it is over. */
  readonly lasts: boolean;
  /** One line. */
  readonly message: string;
}

/** Why there is no listener. */
export interface ListenerRefusal {
  readonly ok: false;
  /** One line with an advice. */
  readonly message: string;
  /** True: the settings are wrong, so waiting for the host cannot help. */
  readonly isOption: boolean;
}

export type ListenerOpening = ({ readonly ok: true } & OpenedListener) | ListenerRefusal;

export interface EntranceSettings {
  /** Opens the listener; called again after a failure. */
  readonly open: () => Promise<ListenerOpening>;
  /** Serves its connections. */
  readonly serve: (opened: OpenedListener) => Connections;
  readonly onOpen: (opened: OpenedListener) => void;
  /** Receives the result of a look if it is news. */
  readonly onLook: (looked: LookResult) => void;
  /** Receives the reason of a failure to open if it is news. */
  readonly onTrouble: (message: string) => void;
  /** Between attempts; default from 1 s to 60 s. */
  readonly backoff?: Backoff;
  /** In [0, 1), for the backoff; default `Math.random`. */
  readonly random?: () => number;
}

export interface Entrance extends AsyncDisposable {
  /** Null: the listener is not open yet. */
  address(): string | null;
  /** Why it is not open, or what a look found that lasts, in one line; null: all is well. */
  trouble(): string | null;
  /** Looks at the files of the listener, unless such a look is in progress. */
  lookAgain(): void;
  /**
   * Removes its name, which is also the first step of disposing: no other process can take its place before it is
   * closed.
   */
  withdraw(): Promise<void>;
}

/** An entrance, open or still trying, or the reason why it can never open. */
export type OpenedEntrance = { readonly ok: true; readonly entrance: Entrance } | ListenerRefusal;

/** Between attempts to open it. */
const BACKOFF: Backoff = { firstMilliseconds: 1_000, capMilliseconds: 60_000 };

/** How long the caller waits for the first attempt, which goes on after that: covers the files that opening needs. */
const OPEN_LIMIT_MILLISECONDS = 2_000;

/** How long each step of closing waits for a file system that does not answer. */
const GRACE_MILLISECONDS = 500;

/** Makes a first attempt, and keeps trying if the host is at fault. Every later failure counts as the host's. */
export async function openEntrance(settings: EntranceSettings): Promise<OpenedEntrance> {
  const { open, serve, onOpen, onLook, onTrouble, backoff = BACKOFF, random = Math.random } = settings;
  let current: { readonly opened: OpenedListener; readonly connections: Connections } | null = null;
  let withdrawing: Promise<void> | null = null;
  let isWithdrawn = false;
  let isHung = false;
  let closing: Promise<void> | null = null;
  const ending = new AbortController();
  const trouble = newsReporter(onTrouble, (looked) => withdrawing === null && onLook(looked));
  const take = (opening: ListenerOpening): boolean => {
    trouble.opened(opening);
    if (!opening.ok) return false;
    current = { opened: opening, connections: serve(opening) };
    onOpen(opening);
    return true;
  };
  const takeLate = async (attempt: Promise<ListenerOpening>): Promise<boolean> => {
    const opening = await withoutThrow(attempt);
    if (withdrawing === null) return take(opening);
    if (opening.ok && (await withinLimit(opening.remove(), GRACE_MILLISECONDS)).ok) opening.listener.close();
    return true;
  };
  const keepTrying = async (first: Promise<ListenerOpening>) => {
    if (await takeLate(first)) return;
    for (let attempt = 1; withdrawing === null; attempt++) {
      const wait = backoffMilliseconds(attempt, random(), backoff);
      await pause(wait, ending.signal);
      if (withdrawing !== null || await takeLate(open())) return;
    }
  };
  let looking: Promise<void> | null = null;
  let lastLook: Promise<void> | null = null;
  const opening = open();
  const first = await withinLimit(opening, OPEN_LIMIT_MILLISECONDS);
  if (first.ok && !first.value.ok && first.value.isOption) return first.value;
  if (!first.ok) trouble.opened(HANGING);
  const trying = first.ok && take(first.value) ? Promise.resolve() : keepTrying(opening);
  const withdraw = async () => {
    ending.abort();
    lastLook = looking;
    isHung = current !== null && !(await withinLimit(current.opened.remove(), GRACE_MILLISECONDS)).ok;
    isWithdrawn = true;
  };
  const close = async () => {
    if (!isWithdrawn) await entrance.withdraw();
    // Deno removes the name of a socket that it closes, on the main thread: the end of the process closes this one.
    if (isHung) return;
    await Promise.all([withinLimit(trying, GRACE_MILLISECONDS), current?.connections.close()]);
    if (lastLook === null || current === null) return;
    // The look may have put back a file that was just removed.
    await withinLimit(lastLook, GRACE_MILLISECONDS);
    await withinLimit(current.opened.remove(), GRACE_MILLISECONDS);
  };
  const entrance: Entrance = {
    address: () => current?.opened.address ?? null,
    trouble: trouble.current,
    lookAgain() {
      if (current === null || withdrawing !== null) return;
      looking ??= trouble.look(current.opened).finally(() => looking = null);
    },
    withdraw: () => withdrawing ??= withdraw(),
    [Symbol.asyncDispose]: () => closing ??= close(),
  };
  return { ok: true, entrance };
}

/** An unforeseen refusal of the system must not end the daemon, which works without this entrance. */
async function withoutThrow(attempt: Promise<ListenerOpening>): Promise<ListenerOpening> {
  try {
    return await attempt;
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error), isOption: false };
  }
}

const HANGING: ListenerRefusal = {
  ok: false,
  message: "A file system that it needs (of its socket, token or certificate) does not answer",
  isOption: false,
};

/** Keeps the current trouble of a listener, and reports only changes. */
function newsReporter(onTrouble: (message: string) => void, onLook: (looked: LookResult) => void) {
  let current: string | null = null;
  return {
    current: () => current,
    opened(opening: ListenerOpening) {
      if (!opening.ok && opening.message !== current) onTrouble(opening.message);
      current = opening.ok ? null : opening.message;
    },
    async look(opened: OpenedListener) {
      const failed = (error: unknown): LookResult => ({ level: "error", lasts: true, message: String(error) });
      const looked = await opened.look().catch(failed);
      if (looked !== null && looked.message !== current) onLook(looked);
      current = looked?.lasts ? looked.message : null;
    },
  };
}
