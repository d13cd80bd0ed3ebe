// Messages to the service manager that started the process (systemd's sd_notify protocol): in order, a newer status
// replacing an unsent one, without ever waiting or throwing. A manager that does not read costs a line of the log.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { firstFile } from "../host/program_search.ts";
import { withinLimit } from "../time/limit.ts";

/** A message: sd_notify(3). At most one of `ready`, `reloading` and `stopping` may be set. */
export interface ServiceState {
  /** `READY=1`: the service is up, or a reload is over. */
  readonly ready?: true;
  /** `RELOADING=1`: a reload began; `ready` has to follow. */
  readonly reloading?: true;
  /** `STOPPING=1`: the service is about to end. */
  readonly stopping?: true;
  /** `WATCHDOG=1`: the sign of life that the manager waits for. */
  readonly watchdog?: true;
  /** `STATUS=`: one line for people; made safe for a terminal and cut to 200 characters. */
  readonly status?: string;
}

/** The link to the service manager. Disposing of it sends waiting messages, for at most 300 ms. */
export interface ServiceManager extends AsyncDisposable {
  /** The longest interval of `watchdog` that the manager accepts (half of it is usual); null: it does not watch. */
  readonly watchdogMilliseconds: number | null;
  /** Queues a message. Returns at once and never throws. */
  notify(state: ServiceState): void;
  /** Resolves when all messages are sent or given up, or after that many milliseconds. */
  flush(limitMilliseconds: number): Promise<void>;
}

export interface ServiceManagerSurroundings {
  /** Receives in one line why the manager does not get the messages: once, and again after messages that arrived. */
  readonly onTrouble: (message: string) => void;
  /** systemd-notify(1), which sends to abstract sockets for the service; null: there is none. */
  readonly notifyProgram?: string | null;
}

/** Further messages displace the oldest: only the last state of the service counts. */
const MAX_WAITING = 16;

/** Far below the 4096 bytes of a message that systemd reads. */
const MAX_STATUS_CHARACTERS = 200;

/** Number of attempts for a message, each with this limit, with a growing pause between them. */
const ATTEMPTS = 3;
const SEND_LIMIT_MILLISECONDS = 1_000;
const FIRST_PAUSE_MILLISECONDS = 50;

/** The service has two seconds to stop in all. */
const ENDING_LIMIT_MILLISECONDS = 300;

const NOTIFY_PROGRAMS = ["/usr/bin/systemd-notify", "/bin/systemd-notify"];

/**
 * The manager of `NOTIFY_SOCKET` in the environment; null: there is none, or its address cannot be used, which is
 * reported. No child needs `NOTIFY_SOCKET` or the `WATCHDOG_*` variables: do not pass them on.
 *
 * @example
 * ```ts
 * await using manager = openServiceManager(Deno.env.toObject(), { onTrouble: (line) => log.warning(line) });
 * manager?.notify({ ready: true, status: "In force: 5f2c…" });
 * ```
 */
export function openServiceManager(
  environment: Readonly<Record<string, string>>,
  { onTrouble, notifyProgram = firstFile(NOTIFY_PROGRAMS) }: ServiceManagerSurroundings,
): ServiceManager | null {
  const address = environment.NOTIFY_SOCKET ?? "";
  if (address === "") return null;
  const opened = transportTo(address, environment, notifyProgram);
  if (!opened.ok) {
    onTrouble(`The service manager gets no messages: ${opened.reason}`);
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
      if (trouble !== null && !inTrouble) onTrouble(`The service manager does not get the messages: ${trouble}`);
      inTrouble = trouble !== null;
    }
    sending = null;
  };
  const flush = async (limitMilliseconds: number): Promise<void> => {
    if (sending !== null) await withinLimit(sending, limitMilliseconds);
  };
  return {
    watchdogMilliseconds: watchdogInterval(environment),
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
 * The queue after a state is added. A state without `ready`, `reloading` or `stopping` joins the message before it. If
 * the queue is full, the oldest of those three is dropped; its status goes only if a later message has one.
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
 * A state as systemd reads it. `RELOADING=1` goes without `MONOTONIC_USEC`, which only `Type=notify-reload` needs: a
 * Deno program cannot read `CLOCK_MONOTONIC`.
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

/** sd_watchdog_enabled(3): the interval is this process's only if `WATCHDOG_PID` is unset or its own. */
function watchdogInterval(environment: Readonly<Record<string, string>>): number | null {
  const { WATCHDOG_USEC: microseconds = "", WATCHDOG_PID: watched = String(Deno.pid) } = environment;
  if (watched !== String(Deno.pid) || !/^[1-9][0-9]{0,15}$/.test(microseconds)) return null;
  return Math.max(1, Math.floor(Number(microseconds) / 1000));
}

/** Carries one message at a time. */
interface Transport {
  /** Rejects if the message did not arrive within its limit, or `unwanted` aborts. */
  send(message: string, unwanted: AbortSignal): Promise<void>;
  /** Gives up the message in progress. */
  close(): void;
}

type OpenedTransport =
  | { readonly ok: true; readonly transport: Transport }
  | { readonly ok: false; readonly reason: string };

/** sd_notify(3): an address is a path, or after `@` a name of the abstract namespace, or `vsock:…` on virtual hosts. */
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

/** Datagrams to a path, from a socket that the first one opens. */
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
        // The queue of a manager that reads nothing fills up; then only closing the socket ends a send.
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
 * Deno sends only from a bound socket, and binds it to a path (an empty one, for which unix(7) chooses a name, is
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

/** Directories for that name; systemd.exec(5) gives `RUNTIME_DIRECTORY` as a list with colons. */
function socketDirectories({ RUNTIME_DIRECTORY, TMPDIR }: Readonly<Record<string, string>>): string[] {
  const named = [RUNTIME_DIRECTORY?.split(":")[0], TMPDIR].filter((path) => path !== undefined && path !== "");
  return [...named as string[], "/tmp", "/dev/shm"];
}

/**
 * Abstract names, which Deno cannot send to, through systemd-notify(1). It sends in its parent's name if it may; for an
 * unprivileged one the manager accepts it only under `NotifyAccess=all`.
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

/** Null: the message arrived or is no longer wanted; else the reason of the last failure. */
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
