// Requests to the daemon's admin interface. Every answer has a limit of size and time, and every failure (no answer,
// another server, garbage) becomes one line that is safe for a terminal. No message shows the token.
import * as z from "zod";
import { MAX_PATH_BYTES } from "../admin/unix_socket.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { openHttpClient } from "../host/http_client.ts";
import { type Proxy, proxyOf } from "../host/proxy.ts";
import { addressText, type AdminAddress, type AdminFlags, findAdminAddress } from "./admin_address.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

export interface AdminRequest {
  /** Default GET. */
  readonly method?: "GET" | "POST";
  /** Without a slash at its start: `admin/status`. */
  readonly path: string;
  /** Beyond those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** For the whole answer; default {@linkcode ANSWER_LIMIT_MILLISECONDS}. */
  readonly limitMilliseconds?: number;
  /** Of the answer; default 1 MiB. */
  readonly maxBytes?: number;
}

/** An answer in JSON, with any status, or in one line why there is none. */
export type AdminAnswer =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | NoAnswer;

interface NoAnswer {
  readonly ok: false;
  readonly message: string;
  /** The limit was over. */
  readonly isOverdue?: true;
}

/** An answer with status 200 in the form that a command knows; or its exit code, and the terminal has the reason. */
export type Answered<T> =
  | { readonly ok: true; readonly value: T; readonly body: unknown }
  | { readonly ok: false; readonly code: ExitCode };

/** A response with an unread body, or in one line why there is none. */
export type AdminResponse =
  | { readonly ok: true; readonly response: Response }
  | NoAnswer;

/** Requests to one daemon; disposing of it ends its connections. */
export interface AdminClient extends Disposable {
  /** The address as messages name it. */
  readonly name: string;
  ask(request: AdminRequest): Promise<AdminAnswer>;
  /**
   * Begins a request whose body the caller reads with its own limits; the limit is only for the head, `signal` ends
   * both.
   */
  open(request: AdminRequest, signal: AbortSignal): Promise<AdminResponse>;
  /** One line for an answer with an unwanted status, with advice if the token is the reason. */
  refusal(answer: Extract<AdminAnswer, { ok: true }>): string;
}

const DIRECT = { ok: true, proxy: null } as const;

/** For most answers. */
export const ANSWER_LIMIT_MILLISECONDS = 10_000;

/** 1,000 instances with a rejection each have some 700 KiB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** RFC 9457, as far as it is shown. */
const problemSchema = z.object({
  title: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
});

/**
 * Opens a client, or says in one line why its authorities or its proxy cannot be used.
 *
 * @param environment only its variables that name proxies count, for a URL of another host.
 */
export function openAdminClient(
  address: AdminAddress,
  environment: Readonly<Record<string, string>> = {},
): { readonly ok: true; readonly client: AdminClient } | { readonly ok: false; readonly message: string } {
  const chosen = address.kind === "socket" ? DIRECT : proxyOf(address.url, (variable) => environment[variable]);
  if (!chosen.ok) return { ok: false, message: `${chosen.variable} names no proxy of http, https or socks5` };
  const { proxy } = chosen;
  const name = addressText(address) + (proxy === null ? "" : ` through the proxy ${proxy.name}`);
  let http: Deno.HttpClient;
  try {
    http = openHttpClient(connectionOf(address, proxy));
  } catch (error) {
    return { ok: false, message: `Cannot use the certificates given for ${name}: ${reasonOf(error)}` };
  }
  const base = address.kind === "socket" ? new URL("http://localhost/") : address.url;
  const token = address.kind === "socket" ? null : address.token;
  const open: AdminClient["open"] = async (request, signal) => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), request.limitMilliseconds ?? ANSWER_LIMIT_MILLISECONDS);
    try {
      const response = await fetch(new URL(request.path, base), {
        ...initOf(request, token),
        client: http,
        signal: AbortSignal.any([limit.signal, signal]),
      });
      return { ok: true, response };
    } catch (error) {
      if (limit.signal.aborted) return tooSlow(name, request);
      return { ok: false, message: await unreachable(address, name, error) };
    } finally {
      clearTimeout(timer);
    }
  };
  const client: AdminClient = {
    name,
    open,
    ask: (request) => ask(name, open, request),
    refusal: ({ status, body }) => refusal(name, token !== null, status, body),
    [Symbol.dispose]: () => http.close(),
  };
  return { ok: true, client };
}

/** Finds the daemon and calls `use` with a client of its address, which is closed in any case. */
export async function withAdminClient(
  flags: AdminFlags,
  terminal: Terminal,
  use: (client: AdminClient, address: AdminAddress) => Promise<ExitCode>,
): Promise<ExitCode> {
  const found = await findAdminAddress(flags, terminal.environment);
  if (!found.ok) {
    terminal.error(`${found.message}\n`);
    return found.code;
  }
  const opened = openAdminClient(found.address, terminal.environment);
  if (!opened.ok) {
    terminal.error(`${opened.message}\n`);
    return EXIT.unavailable;
  }
  using client = opened.client;
  return await use(client, found.address);
}

/** Writes to standard error why there is no answer. */
export function unavailable(message: string, terminal: Terminal): ExitCode {
  terminal.error(`${message}\n`);
  return EXIT.unavailable;
}

/** One line for an answer that a daemon of this version would not give. */
export function unexpectedAnswer(client: AdminClient): string {
  return `The server at ${client.name} is not honua-configd, or not of a version that this one understands`;
}

function connectionOf(address: AdminAddress, proxy: Proxy | null): Deno.CreateHttpClientOptions {
  if (address.kind === "socket") return { proxy: { transport: "unix", path: address.path } };
  const caCerts = address.authorities === null ? [] : [address.authorities];
  return proxy === null ? { caCerts } : { caCerts, proxy: { url: proxy.url } };
}

function initOf({ method = "GET", headers = {}, json }: AdminRequest, token: string | null): RequestInit {
  return {
    method,
    redirect: "manual",
    headers: {
      accept: "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  };
}

async function ask(name: string, open: AdminClient["open"], request: AdminRequest): Promise<AdminAnswer> {
  const ending = new AbortController();
  let overdue = false;
  const timer = setTimeout(() => {
    overdue = true;
    ending.abort();
  }, request.limitMilliseconds ?? ANSWER_LIMIT_MILLISECONDS);
  try {
    const opened = await open(request, ending.signal);
    if (!opened.ok) return overdue ? tooSlow(name, request) : opened;
    const { response } = opened;
    const maxBytes = request.maxBytes ?? MAX_ANSWER_BYTES;
    const text = await textOf(response, maxBytes);
    const body = text === null ? undefined : jsonOf(text);
    if (body !== undefined) return { ok: true, status: response.status, body };
    const what = text === null ? `more than ${maxBytes} bytes` : "no JSON";
    return {
      ok: false,
      message: `The server at ${name} is not honua-configd: /${request.path} gave ${what} (status ${response.status})`,
    };
  } catch (error) {
    if (overdue) return tooSlow(name, request);
    return { ok: false, message: `The answer of ${name} broke off: ${reasonOf(error)}` };
  } finally {
    clearTimeout(timer);
  }
}

/** The JSON of an opened response; undefined: it is no JSON, is too large, or breaks off. */
export async function jsonBody(response: Response): Promise<unknown> {
  try {
    return jsonOf(await textOf(response, MAX_ANSWER_BYTES) ?? "");
  } catch {
    return undefined;
  }
}

/** The body's text; null: it is larger than any answer. Leaving the loop early cancels the body. */
async function textOf(response: Response, maxBytes: number): Promise<string | null> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Asks for a value in a known form. */
export async function askFor<T>(
  client: AdminClient,
  path: string,
  schema: z.ZodType<T>,
  terminal: Terminal,
): Promise<Answered<T>> {
  const answer = await client.ask({ path });
  if (!answer.ok) return { ok: false, code: unavailable(answer.message, terminal) };
  if (answer.status !== 200) return { ok: false, code: unavailable(client.refusal(answer), terminal) };
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) return { ok: false, code: unavailable(unexpectedAnswer(client), terminal) };
  return { ok: true, value: parsed.data, body: answer.body };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(name: string, hasToken: boolean, status: number, body: unknown): string {
  const { detail, title } = problemSchema.catch({}).parse(body);
  // A daemon that accepted the token can still refuse the request.
  if (status === 401 || status === 403 && detail === undefined) {
    return hasToken
      ? `${name} does not take the token: is --token-file the file that Admin:TokenFile names there?`
      : `${name} wants a token: give the file that Admin:TokenFile names there with --token-file`;
  }
  // The daemon's own words say more than a status.
  if (detail !== undefined) return `${name} answers: ${terminalText(detail)}`;
  return `${name} answered with status ${status}${title === undefined ? "" : `: ${terminalText(title)}`}`;
}

function tooSlow(name: string, { limitMilliseconds = ANSWER_LIMIT_MILLISECONDS }: AdminRequest): NoAnswer {
  return { ok: false, message: `${name} did not answer within ${limitMilliseconds / 1_000} s`, isOverdue: true };
}

/** Why a request had no answer. For a socket, a second connection attempt gives the system's reason. */
async function unreachable(address: AdminAddress, name: string, error: unknown): Promise<string> {
  const brokeOff = `The connection to ${name} broke off before there was an answer of HTTP: ${reasonOf(error)}`;
  const isConnecting = error instanceof Error && error.message.includes("client error (Connect)");
  if (!isConnecting) return brokeOff;
  if (address.kind === "url") {
    return untrusted(name, reasonOf(error)) ?? `Nothing answers at ${name}: ${reasonOf(error)}`;
  }
  if (new TextEncoder().encode(address.path).length > MAX_PATH_BYTES) {
    return `Nothing answers at ${name}: the path of a socket has at most ${MAX_PATH_BYTES} bytes`;
  }
  try {
    (await Deno.connect({ transport: "unix", path: address.path })).close();
    return brokeOff;
  } catch (why) {
    if (why instanceof Deno.errors.NotFound) {
      return `Nothing answers at ${name}: there is no such socket. Is honua-configd running?`;
    }
    if (why instanceof Deno.errors.ConnectionRefused) {
      const isOther = await Deno.stat(address.path).then(({ isSocket }) => !isSocket, () => false);
      if (isOther) return `Nothing answers at ${name}: it is no socket`;
      return `Nothing answers at ${name}: no process listens there any more. Is honua-configd running?`;
    }
    if (why instanceof Deno.errors.PermissionDenied) {
      return `No permission to use ${name}: run this as root or as a member of the socket's group`;
    }
    return `Nothing answers at ${name}: ${reasonOf(why)}`;
  }
}

/** Null: the reason is not the server's certificate. The names of the faults are rustls'. */
function untrusted(name: string, reason: string): string | null {
  if (!reason.includes("invalid peer certificate")) return null;
  const advice = reason.includes("CaUsedAsEndEntity")
    ? "it is an authority's; make one with basicConstraints=critical,CA:FALSE"
    : reason.includes("UnknownIssuer")
    ? "name the file of its authority, or of itself, by --ca-file"
    : reason;
  return `The certificate of ${name} cannot be trusted: ${advice}`;
}

/** The innermost message, without the layers that wrapped it. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return terminalText(message.replace(/^.*client error \(\w+\): /s, "").replace(/ \(os error \d+\)/g, ""), 300);
}
