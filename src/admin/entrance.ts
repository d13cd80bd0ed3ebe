// One way in: a listener that is opened as soon as the host allows it, and its connections. What keeps it from being
// opened is told once, and tried again ever more slowly until it is disposed of.
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";
import { withinLimit } from "../time/limit.ts";
import { pause } from "../time/pause.ts";
import type { Authorize } from "./auth.ts";
import type { Connections } from "./connections.ts";
import type { Acceptor } from "./replaceable_listener.ts";

/** Where to listen. */
export interface ListenAddress {
  /** A literal address, without brackets. */
  readonly hostname: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Whether it can be reached from this host alone. */
  readonly isLoopback: boolean;
}

/** A listener that is open. */
export interface OpenedListener {
  /** Accepts its connections. */
  readonly listener: Acceptor;
  /** Judges each request; null: everyone may ask. */
  readonly authorize: Authorize | null;
  /** Where it is reached. */
  readonly address: string;
  /** What is unwise about its settings, in one line each. */
  readonly warnings: readonly string[];
  /** Looks whether what it was opened with is still there and the same, and makes up for what is not. */
  readonly look: () => Promise<LookedAt | null>;
  /** Called before the listener is closed, and once more when a look that was under way is over. Must not reject. */
  remove(): Promise<void>;
}

/** The result of a look at an open listener, in one line. Null in its place: all is as it was. */
export interface LookedAt {
  /** As the log has it; an `error` lasts, and every look finds it until it is over. */
  readonly level: "information" | "warning" | "error";
  /** One line. */
  readonly message: string;
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
  /** Is told what a look found, where that is news. */
  readonly onLook: (looked: LookedAt) => void;
  /** Is told why it is not, where that is news. */
  readonly onTrouble: (message: string) => void;
  /** Between attempts; default from 1 s to 60 s. */
  readonly backoff?: Backoff;
  /** How long the first attempt is waited for; it goes on after that. Default 2 s. */
  readonly openLimitMilliseconds?: number;
  /** In [0, 1), for the backoff; default `Math.random`. */
  readonly random?: () => number;
}

/** A way in. */
export interface Entrance extends AsyncDisposable {
  /** Where it is reached; null: nowhere yet. */
  address(): string | null;
  /** Looks at what the listener was opened with, unless such a look is under way. */
  lookAgain(): void;
  /** Takes its name away, as disposing of it does first: no other process can take its place before it is closed. */
  withdraw(): Promise<void>;
}

/** An entrance that was opened or will be, or why it can never be. */
export type OpenedEntrance = { readonly ok: true; readonly entrance: Entrance } | ListenerRefusal;

/** Between attempts to open it. */
const BACKOFF: Backoff = { firstMilliseconds: 1_000, capMilliseconds: 60_000 };

/** Of the files that it is opened with. */
const OPEN_LIMIT_MILLISECONDS = 2_000;

/** How long each step of closing waits for a file system that does not answer. */
const GRACE_MILLISECONDS = 500;

/** Makes a first attempt, and where the host is at fault goes on trying; later every fault is the host's. */
export async function openEntrance(settings: EntranceSettings): Promise<OpenedEntrance> {
  const { open, serve, onOpen, onLook, onTrouble, backoff = BACKOFF, random = Math.random } = settings;
  const { openLimitMilliseconds = OPEN_LIMIT_MILLISECONDS } = settings;
  let current: { readonly opened: OpenedListener; readonly connections: Connections } | null = null;
  let withdrawing: Promise<void> | null = null;
  let isWithdrawn = false;
  let isHung = false;
  let closing: Promise<void> | null = null;
  const ending = new AbortController();
  let told = "";
  const take = (opening: ListenerOpening): boolean => {
    if (!opening.ok) {
      if (opening.message !== told) onTrouble(opening.message);
      told = opening.message;
      return false;
    }
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
  const look = lookTeller((looked) => withdrawing === null && onLook(looked));
  const opening = open();
  const first = await withinLimit(opening, openLimitMilliseconds);
  if (first.ok && !first.value.ok && first.value.isOption) return first.value;
  if (!first.ok) onTrouble("A file system that it needs (of its socket, token or certificate) does not answer");
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
    // It may have made up for what was just removed.
    await withinLimit(lastLook, GRACE_MILLISECONDS);
    await withinLimit(current.opened.remove(), GRACE_MILLISECONDS);
  };
  const entrance: Entrance = {
    address: () => current?.opened.address ?? null,
    lookAgain() {
      if (current === null || withdrawing !== null) return;
      looking ??= look(current.opened).finally(() => looking = null);
    },
    withdraw: () => withdrawing ??= withdraw(),
    [Symbol.asyncDispose]: () => closing ??= close(),
  };
  return { ok: true, entrance };
}

/** A refusal of the system in an unforeseen place must not end the daemon, which works without this way in. */
async function withoutThrow(attempt: Promise<ListenerOpening>): Promise<ListenerOpening> {
  try {
    return await attempt;
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error), isOption: false };
  }
}

/** Makes a function that looks at a listener and tells what is news. */
function lookTeller(onLook: (looked: LookedAt) => void): (opened: OpenedListener) => Promise<void> {
  let lastError = "";
  return async (opened) => {
    const looked = await opened.look().catch((error): LookedAt => ({ level: "error", message: String(error) }));
    if (looked !== null && looked.message !== lastError) onLook(looked);
    lastError = looked?.level === "error" ? looked.message : "";
  };
}
