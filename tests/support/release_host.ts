// A host whose releases a test reads and changes: over the daemon's admin socket, or from its files while it is down.
import { assertEquals } from "@std/assert";
import type { Status } from "../../src/admin/daemon_api.ts";
import { readReleaseFile } from "../../src/releases/release_file.ts";
import type { KeptReleases } from "../../src/releases/release.ts";
import { eventually } from "./eventually.ts";
import { type HookHost, openHookHost } from "./hook_host.ts";

/** A host with releases. */
export interface ReleaseHost extends HookHost {
  /** The arguments to start a daemon with its hooks and an admin socket. */
  readonly args: readonly string[];
  /** `State:Directory`, which is the snapshot's. */
  readonly state: string;
  /** Runs a command that must end with this code, and resolves with all its output. */
  ends(code: number, ...args: readonly string[]): Promise<string>;
  status(): Promise<Status>;
  /** Posts an order to the admin interface, and resolves with the answer's status. */
  order(path: string, body: object): Promise<number>;
  /** Waits for a status that the predicate accepts. */
  shows(what: string, predicate: (status: Status) => boolean): Promise<Status>;
  /** Waits until the last look at the source ended so. */
  looked(outcome: string): Promise<void>;
  /** The history, the newest first: `2 file failed, 1 file healthy`. Also while the daemon is down. */
  states(): Promise<string>;
  /** The list of releases on the disk; fails if anything of it does not count. */
  kept(): Promise<KeptReleases>;
}

/**
 * Makes a host without a daemon. `settings` are options by their names, such as `Health:BakeSeconds`; `name` is the
 * source's, as of an edge host.
 */
export async function openReleaseHost(
  hooks: readonly object[] = [],
  settings: Readonly<Record<string, unknown>> = {},
  name?: string,
): Promise<ReleaseHost> {
  const host = await openHookHost(name);
  const { args: own = [] } = await host.withHooks(hooks);
  const args = [...own, ...Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`])];
  const state = `${host.directory}/snapshot`;
  const request = async (path: string, init: RequestInit = {}) => {
    // A connection of its own, so that none remains at a daemon that is killed.
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path: host.path("admin.sock") } });
    const response = await fetch(`http://localhost${path}`, { ...init, client, signal: AbortSignal.timeout(20_000) });
    return { status: response.status, text: await response.text() };
  };
  const status = async (): Promise<Status> => JSON.parse((await request("/admin/status")).text);
  const shows: ReleaseHost["shows"] = async (what, predicate) => {
    let last: Status | null = null;
    try {
      return await eventually(`the status shows ${what}`, async () => {
        last = await status();
        return predicate(last) ? last : null;
      }, 30_000);
    } catch (error) {
      throw new Error(`the status is ${JSON.stringify(last)}`, { cause: error });
    }
  };
  return {
    ...host,
    args,
    state,
    async ends(code, ...words) {
      const asked = await host.ask(...words);
      assertEquals(asked.code, code, `${words.join(" ")}: ${asked.stdout}${asked.stderr}`);
      return asked.stdout + asked.stderr;
    },
    status,
    async order(path, body) {
      const headers = { "Content-Type": "application/json" };
      return (await request(path, { method: "POST", headers, body: JSON.stringify(body) })).status;
    },
    shows,
    looked: async (outcome) => void await shows(`a look ${outcome}`, (now) => now.lastReload?.outcome === outcome),
    async states() {
      const { stdout } = await host.ask("history", "--format", "json", "--set", `State:Directory=${state}`);
      const { releases } = JSON.parse(stdout);
      return releases.map(({ number, cause, state }: Record<string, unknown>) => `${number} ${cause} ${state}`)
        .join(", ");
    },
    async kept() {
      const { kept, trouble } = await readReleaseFile({ path: `${state}/history` });
      assertEquals(trouble, null);
      return kept!;
    },
  };
}
