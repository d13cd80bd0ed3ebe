// A host with hooks: shell scripts that the daemon runs, and that write a line for every run. Disposing of it stops its
// daemons and removes its files.
import { type EdgeHost, openEdgeHost, type StartOptions } from "./edge_host.ts";
import { eventually } from "./eventually.ts";
import { type CommandOutcome, runCommand } from "./command.ts";

/** A host and its hooks. */
export interface HookHost extends EdgeHost {
  /** The command of a hook: it writes its name, the event and `$HONUA_CONFIGD_CHANGED`, and then runs the script. */
  command(name: string, script?: string): { readonly name: string; readonly command: readonly string[] };
  /** The options to start a daemon with these hooks and an admin socket. */
  withHooks(hooks: readonly object[], others?: object): Promise<StartOptions>;
  /** The lines of the runs so far: `nginx activated layers`. */
  runs(): Promise<string[]>;
  /** Waits for that many runs, or more. */
  hasRuns(count: number): Promise<string[]>;
  /** The path of a file beside the source, which scripts and the test share. */
  path(name: string): string;
  /** Runs a command of the program on the daemon's socket. */
  ask(...args: readonly string[]): Promise<CommandOutcome>;
}

/** Makes a host without a daemon; `name` is the source's, as of an edge host. */
export async function openHookHost(name?: string): Promise<HookHost> {
  const host = await openEdgeHost(name);
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
