// A server in the place of the daemon's admin interface: it gives a test's answers, on a real unix socket or TCP, and
// keeps the requests.
import type { Peer } from "../../src/cluster/peer_record.ts";
import type { Status } from "../../src/admin/daemon_api.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { RolloutSummary } from "../../src/rollout/rollout_view.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";

/** A request. */
export interface Asked {
  /** `GET /admin/status`. */
  readonly what: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A server that answers, and the flags that lead to it. */
export interface CannedDaemon extends AsyncDisposable {
  readonly directory: TemporaryDirectory;
  /** Flags for a command. */
  readonly flags: readonly string[];
  /** The socket's path, or the URL. */
  readonly at: string;
  /** The requests so far. */
  readonly asked: Asked[];
}

/** The function that answers a request. */
export type Answering = (request: Request) => Response | Promise<Response>;

/** Listens on a socket in its own directory; with `tls` or `tcp` on a port of 127.0.0.1. */
export async function cannedDaemon(
  answering: Answering,
  { tcp = false, tls = null }: { tcp?: boolean; tls?: { cert: string; key: string } | null } = {},
): Promise<CannedDaemon> {
  const directory = await temporaryDirectory();
  const asked: Asked[] = [];
  const handler = async (request: Request) => {
    const { pathname } = new URL(request.url);
    asked.push({ what: `${request.method} ${pathname}`, headers: request.headers, body: await request.text() });
    return await answering(request);
  };
  const onListen = () => {};
  const path = directory.file("admin.sock");
  const place = tcp || tls !== null ? { hostname: "127.0.0.1", port: 0, ...(tls ?? {}) } : { path };
  const server = Deno.serve({ ...place, onListen } as Deno.ServeTcpOptions, handler);
  const at = "path" in place ? path : `${tls ? "https" : "http"}://127.0.0.1:${(server.addr as Deno.NetAddr).port}`;
  return {
    directory,
    asked,
    at,
    flags: ["path" in place ? "--socket" : "--url", at],
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** JSON as the daemon answers it. */
export function json(body: unknown, status = 200): Response {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return new Response(`${JSON.stringify(body)}\n`, { status, headers: { "content-type": type } });
}

/** Some hash; the digit tells one from another. */
export function hashOf(digit: string): string {
  return digit.repeat(64);
}

/** So many days ago, in ISO 8601: an age that stays the same while a test runs. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000 - 60_000).toISOString();
}

/** A rollout whose second step bakes. */
export const ROLLOUT: RolloutSummary = {
  hash: hashOf("c"),
  phase: "baking",
  step: 1,
  steps: [1, 3, 10],
  why: null,
  isUnderWay: true,
  isVoid: false,
  isDone: false,
};

/** The status of an instance that is well, except for the given members. */
export function statusWith(given: Partial<Status> = {}): Status {
  return {
    version: "0.2.0",
    instance: "edge-7",
    mode: "cluster",
    watching: true,
    watch: { by: "events", reason: null },
    startedAt: daysAgo(9),
    source: "/etc/honua/config.hcl",
    sourceFrom: "file",
    snapshot: "/var/lib/honua-configd/config.snapshot.json",
    stateDirectory: "/var/lib/honua-configd",
    active: { hash: hashOf("a"), since: daysAgo(4) },
    generation: 17,
    standing: "agreed",
    head: { generation: 17, hash: hashOf("a") },
    announcementOwed: false,
    lastReload: {
      outcome: "activated",
      at: daysAgo(4),
      durationMilliseconds: 34.4,
      reasons: ["a file event"],
      reason: null,
      diagnostics: [],
    },
    redis: { state: "up", since: daysAgo(8), reason: null, reconnections: 2 },
    hooks: [],
    restartNeeded: false,
    stored: "in-force",
    serverForm: { path: "/var/lib/honua-configd/config.snapshot.honua", stored: "in-force" },
    singleMounts: [],
    stateTroubles: [],
    rollout: null,
    release: null,
    undo: { to: null, why: "No release is in force, so there is nothing to take back" },
    held: null,
    hold: null,
    confirmation: null,
    bake: null,
    ...given,
  };
}

/** The record of an instance, except for the given members. */
export function peerWith(given: Partial<Peer> = {}): Peer {
  return {
    instance: "edge-1",
    incarnation: "00000000",
    version: "0.2.0",
    hash: hashOf("a"),
    generation: 17,
    standing: "agreed",
    rejected: null,
    at: daysAgo(3),
    self: false,
    ...given,
  };
}

/** A terminal that keeps the output, for commands that a test calls directly. */
export function keepingTerminal(): { readonly terminal: Terminal; readonly out: string[]; readonly error: string[] } {
  const [out, error]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    error: (text) => void error.push(text),
    hasFailed: () => false,
    isUnread: () => false,
    colourOut: false,
    colourError: false,
    readInput: () => Promise.resolve(new Uint8Array()),
    environment: {},
  };
  return { terminal, out, error };
}
