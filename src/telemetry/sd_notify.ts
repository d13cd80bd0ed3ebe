// What the process tells the service manager that started it (systemd's sd_notify protocol): in order, the newest
// status instead of each one, without ever waiting or throwing. A manager that does not listen costs a line of the log.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { firstFile } from "../host/program.ts";
import { withinLimit } from "../time/limit.ts";

/** What may be told at once: sd_notify(3). Of `ready`, `reloading` and `stopping` at most one is meant. */
export interface ServiceState {
  /** `READY=1`: the service is up, or a reload is over. */
  readonly ready?: true;
  /** `RELOADING=1`: a reload began; `ready` has to follow. */
  readonly reloading?: true;
  /** `STOPPING=1`: the service is about to end. */
  readonly stopping?: true;
  /** `WATCHDOG=1`: the sign of life that the manager waits for. */
  readonly watchdog?: true;
  /** `STATUS=`: one line for people; made fit for a terminal and cut to 200 characters. */
  readonly status?: string;
}

/** The service manager, as the service speaks to it. Disposing of it sends what waits, for at most 300 ms. */
export interface ServiceManager extends AsyncDisposable {
  /** How often the manager wants `watchdog` at the least (twice as often is usual); null where it does not watch. */
  readonly watchdogMilliseconds: number | null;
  /** Queues what there is to tell. Returns at once and never throws. */
  notify(state: ServiceState): void;
  /** Resolves when all that was told is sent or given up, or after that many milliseconds. */
  flush(limitMilliseconds: number): Promise<void>;
}

/** What `openServiceManager` takes of its surroundings. */
export interface ServiceManagerSurroundings {
  /** Told in one line why the manager does not hear the service: once, and again where it heard it in between. */
  readonly onTrouble: (message: string) => void;
  /** The process that the watchdog has to mean. */
  readonly pid?: number;
  /** systemd-notify(1), which speaks to abstract sockets in the service's stead; null: there is none. */
  readonly notifyProgram?: string | null;
}

/** Waiting messages beyond these displace the oldest: what counts is where the service stands in the end. */
const MAX_WAITING = 16;

/** Far below the 4096 bytes of a message that systemd reads. */
const MAX_STATUS_CHARACTERS = 200;

/** A message is tried this often, each time for so long, with a growing pause between. */
const ATTEMPTS = 3;
const SEND_LIMIT_MILLISECONDS = 1_000;
const FIRST_PAUSE_MILLISECONDS = 50;

/** The service has two seconds to stop in all. */
const ENDING_LIMIT_MILLISECONDS = 300;

const NOTIFY_PROGRAMS = ["/usr/bin/systemd-notify", "/bin/systemd-notify"];

/**
 * The manager that the environment names by `NOTIFY_SOCKET`; null where there is none, or none that can be spoken to
 * (which is told). No child needs `NOTIFY_SOCKET` or the `WATCHDOG_*` variables: do not hand them on.
 *
 * @example
 * ```ts
 * await using manager = openServiceManager(Deno.env.toObject(), { onTrouble: (line) => log.warning(line) });
 * manager?.notify({ ready: true, status: "In force: 5f2c…" });
 * ```
 */
export function openServiceManager(
  environment: Readonly<Record<string, string>>,
  { onTrouble, pid = Deno.pid, notifyProgram = firstFile(NOTIFY_PROGRAMS) }: ServiceManagerSurroundings,
): ServiceManager | null {
  const address = environment.NOTIFY_SOCKET ?? "";
  if (address === "") return null;
  const opened = transportTo(address, environment, notifyProgram);
  if (!opened.ok) {
    onTrouble(`The service manager is not told anything: ${opened.reason}`);
    return null;
  }
  const { transport } = opened;
  const ending = new AbortController();
  let waiting: readonly ServiceState[] = [];
  let sending: Promise<void> | null = null;
  let inTrouble = false;

  const send = async (): Promise<void> => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      waiting = waiting.slice(1);
      const trouble = await sendWithRetries(transport, messageOf(next), ending.signal);
      if (ending.signal.aborted) break;
      if (trouble !== null && !inTrouble) onTrouble(`The service manager cannot be told: ${trouble}`);
      inTrouble = trouble !== null;
    }
    sending = null;
  };
  const flush = async (limitMilliseconds: number): Promise<void> => {
    if (sending !== null) await withinLimit(sending, limitMilliseconds);
  };
  return {
    watchdogMilliseconds: watchdogInterval(environment, pid),
    notify(state) {
      waiting = withState(waiting, state);
      sending ??= send();
    },
    flush,
    async [Symbol.asyncDispose]() {
      await flush(ENDING_LIMIT_MILLISECONDS);
      ending.abort();
      transport.close();
      await sending;
    },
  };
}

/**
 * What waits once a state is added: one without `ready`, `reloading` or `stopping` goes with the message before it, and
 * where there are too many, the oldest of those three is forgotten, and its status only where a later one has another.
 */
export function withState(waiting: readonly ServiceState[], state: ServiceState): readonly ServiceState[] {
  const last = waiting.at(-1);
  const isStep = state.ready || state.reloading || state.stopping;
  if (last !== undefined && !isStep) return [...waiting.slice(0, -1), { ...last, ...state }];
  const all = [...waiting, state];
  if (all.length <= MAX_WAITING) return all;
  const [{ ready: _, reloading: __, stopping: ___, ...kept }, second, ...rest] = all as [ServiceState, ServiceState];
  return [{ ...kept, ...second }, ...rest];
}

/**
 * A state as systemd reads it. `RELOADING=1` goes without `MONOTONIC_USEC`, which `Type=notify-reload` alone asks for:
 * nothing tells a Deno program the time of `CLOCK_MONOTONIC`.
 */
export function messageOf({ ready, reloading, stopping, watchdog, status }: ServiceState): string {
  const lines: string[] = [];
  if (ready) lines.push("READY=1");
  if (reloading) lines.push("RELOADING=1");
  if (stopping) lines.push("STOPPING=1");
  if (watchdog) lines.push("WATCHDOG=1");
  if (status !== undefined) lines.push(`STATUS=${statusLine(status)}`);
  return lines.join("\n");
}

/** Control characters become pictures first, which may be longer than they were. */
function statusLine(text: string): string {
  const characters = [...terminalText(text, MAX_STATUS_CHARACTERS)];
  if (characters.length <= MAX_STATUS_CHARACTERS) return characters.join("");
  return `${characters.slice(0, MAX_STATUS_CHARACTERS - 1).join("")}…`;
}

/** sd_watchdog_enabled(3): the interval is this process's only where `WATCHDOG_PID` is unset or its own. */
function watchdogInterval(environment: Readonly<Record<string, string>>, pid: number): number | null {
  const { WATCHDOG_USEC: microseconds = "", WATCHDOG_PID: watched = String(pid) } = environment;
  if (watched !== String(pid) || !/^[1-9][0-9]{0,15}$/.test(microseconds)) return null;
  return Math.max(1, Math.floor(Number(microseconds) / 1000));
}

/** Carries one message at a time. */
interface Transport {
  /** Rejects where the message did not arrive, within its limit or when that is not wanted any more. */
  send(message: string, unwanted: AbortSignal): Promise<void>;
  /** Gives up what is at hand. */
  close(): void;
}

type OpenedTransport =
  | { readonly ok: true; readonly transport: Transport }
  | { readonly ok: false; readonly reason: string };

/** sd_notify(3): an address is a path, or behind `@` a name of the abstract namespace, or `vsock:…` on virtual hosts. */
function transportTo(
  address: string,
  environment: Readonly<Record<string, string>>,
  notifyProgram: string | null,
): OpenedTransport {
  if (address.startsWith("/")) {
    return { ok: true, transport: openDatagrams(address, socketDirectories(environment)) };
  }
  if (!address.startsWith("@")) return { ok: false, reason: "NOTIFY_SOCKET is neither a path nor an abstract socket" };
  if (notifyProgram !== null) return { ok: true, transport: viaProgram(notifyProgram, address) };
  return { ok: false, reason: "NOTIFY_SOCKET is an abstract socket, and systemd-notify is not installed" };
}

/** Datagrams to a path, from a socket that is made with the first one. */
function openDatagrams(path: string, directories: readonly string[]): Transport {
  let socket: Deno.DatagramConn | null = null;
  const close = () => {
    socket?.close();
    socket = null;
  };
  return {
    async send(message) {
      socket ??= bindNameless(directories);
      const sent = socket.send(new TextEncoder().encode(message), { transport: "unixpacket", path });
      try {
        // A manager that reads nothing fills its queue up; then a send ends by the closing of its socket alone.
        if (!(await withinLimit(sent, SEND_LIMIT_MILLISECONDS)).ok) throw new Error("it reads no messages");
      } catch (error) {
        sent.catch(() => {});
        close();
        throw error;
      }
    },
    close,
  };
}

/**
 * Deno sends from a bound socket alone, and binds it to a path (an empty one, for which unix(7) has a name chosen, is
 * refused to a program without all permissions). The name is removed at once: sending does not need it.
 */
function bindNameless(directories: readonly string[]): Deno.DatagramConn {
  let cause: unknown;
  for (const directory of directories) {
    const path = join(directory, `.${randomBytes(4).toString("hex")}`);
    try {
      const socket = Deno.listenDatagram({ transport: "unixpacket", path });
      Deno.removeSync(path);
      return socket;
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(`no socket can be bound in ${directories.join(", ")}: ${errorText(cause)}`, { cause });
}

/** Where the name may be made; systemd.exec(5) gives `RUNTIME_DIRECTORY` as a list with colons. */
function socketDirectories({ RUNTIME_DIRECTORY, TMPDIR }: Readonly<Record<string, string>>): string[] {
  const named = [RUNTIME_DIRECTORY?.split(":")[0], TMPDIR].filter((path) => path !== undefined && path !== "");
  return [...named as string[], "/tmp", "/dev/shm"];
}

/**
 * Abstract names, which Deno cannot send to, through systemd-notify(1). It speaks for its parent where it may; for one
 * that has no privileges the manager hears it under `NotifyAccess=all` alone.
 */
function viaProgram(program: string, address: string): Transport {
  return {
    async send(message, unwanted) {
      const { success, stderr } = await new Deno.Command(program, {
        args: ["--no-block", "--", ...message.split("\n")],
        clearEnv: true,
        env: { NOTIFY_SOCKET: address },
        cwd: "/",
        stdin: "null",
        stdout: "null",
        stderr: "piped",
        signal: AbortSignal.any([unwanted, AbortSignal.timeout(SEND_LIMIT_MILLISECONDS)]),
      }).output();
      if (!success) throw new Error(`systemd-notify failed: ${new TextDecoder().decode(stderr).trim()}`);
    },
    close() {},
  };
}

/** Null where the message arrived or is not wanted any more, else why it did not the last time. */
async function sendWithRetries(transport: Transport, message: string, ending: AbortSignal): Promise<string | null> {
  for (let attempt = 1, pause = FIRST_PAUSE_MILLISECONDS; !ending.aborted; attempt++, pause *= 4) {
    try {
      await transport.send(message, ending);
      return null;
    } catch (error) {
      if (attempt === ATTEMPTS) return terminalText(errorText(error), MAX_STATUS_CHARACTERS);
      await delay(pause, undefined, { signal: ending }).catch(() => {});
    }
  }
  return null;
}

function errorText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(" (os error")[0]!;
}
