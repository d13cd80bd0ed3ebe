// A host with hooks: shell scripts that the daemon runs, each of which leaves a line for every run. Disposing of it stops
// its daemons and removes all.
import { type EdgeHost, openEdgeHost, type StartOptions } from "./edge_host.ts";
import { eventually } from "./eventually.ts";
import { type CommandOutcome, runCommand } from "./command.ts";

/** A host and its hooks. */
export interface HookHost extends EdgeHost {
  /** The command of a hook: its script runs after it noted its name, the event and `$HONUA_CONFIGD_CHANGED`. */
  command(name: string, script?: string): { readonly name: string; readonly command: readonly string[] };
  /** What to start a daemon with that has these hooks, and an admin socket. */
  withHooks(hooks: readonly object[], others?: object): Promise<StartOptions>;
  /** The lines that runs left so far: `nginx activated layers`. */
  runs(): Promise<string[]>;
  /** Waits for so many of them. */
  hasRuns(count: number): Promise<string[]>;
  /** A file beside the source, for a script and a test to meet at. */
  path(name: string): string;
  /** Asks the daemon. */
  ask(...args: readonly string[]): Promise<CommandOutcome>;
}

/** Makes such a host. */
export async function openHookHost(): Promise<HookHost> {
  const host = await openEdgeHost();
  const path = (name: string) => `${host.directory}/${name}`;
  const socket = path("admin.sock");
  const runs = async () => (await Deno.readTextFile(path("runs")).catch(() => "")).split("\n").slice(0, -1);
  return {
    ...host,
    path,
    command: (name, script = ":") => ({
      name,
      command: ["sh", "-c", `echo "${name} $HONUA_CONFIGD_EVENT $HONUA_CONFIGD_CHANGED" >> ${path("runs")}\n${script}`],
    }),
    async withHooks(hooks, others = {}) {
      await Deno.writeTextFile(path("options.json"), JSON.stringify({ Hooks: { List: hooks, ...others } }));
      return { args: ["--options", path("options.json"), "--set", `Admin:Socket=${socket}`] };
    },
    runs,
    hasRuns: (count) =>
      eventually(`${count} runs of hooks`, async () => {
        const all = await runs();
        return all.length >= count ? all : null;
      }, 30_000),
    ask: (...args) => runCommand([...args, "--socket", socket]),
  };
}
