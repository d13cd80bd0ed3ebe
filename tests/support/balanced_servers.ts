// Two servers behind nginx under load, which hooks of the daemon restart, to count the requests that fail while the
// source is edited. The balancer has the shipped configuration. Disposing of it ends all processes.
import { type Load, startBalancer } from "./balancer.ts";
import { eventually } from "./eventually.ts";
import { openHookHost } from "./hook_host.ts";
import { freePort } from "./redis_server.ts";

/** Servers that serve. */
export interface BalancedServers extends AsyncDisposable {
  /** Changes the source and waits until both servers serve it. */
  edit(title: string): Promise<void>;
  /** The requests, which clients make all the time. */
  readonly load: Load;
}

const SLOW_SERVER = decodeURIComponent(new URL("./slow_server.ts", import.meta.url).pathname);
const BALANCER_SITE = new URL("../../systemd/examples/nginx-honua.conf", import.meta.url);
const START_MILLISECONDS = 600;

/**
 * Starts the daemon, whose hooks start the servers, the balancer and the load.
 *
 * @param isAwaited whether the hook of a server waits until it is ready.
 */
export async function openBalancedServers(isAwaited: boolean): Promise<BalancedServers> {
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await openHookHost());
  const servers = ["a", "b"].map((name) => ({ name, port: freePort(), pidFile: host.path(`${name}.pid`) }));
  stack.defer(() => Promise.all(servers.map(({ pidFile }) => killServer(pidFile))).then(() => {}));
  const hooks = servers.map(({ name, port, pidFile }) => ({
    name,
    command: ["sh", "-c", restartScript([port, host.snapshotPath, START_MILLISECONDS, pidFile], pidFile)],
    ...isAwaited && { ready: { http: { url: `http://127.0.0.1:${port}/ready` } } },
  }));
  await host.follow("first", await host.withHooks(hooks));
  const serves = (title: string) =>
    Promise.all(
      servers.map(({ name, port }) =>
        eventually(`${name} serves ${title}`, async () => await answerOf(`http://127.0.0.1:${port}/`) === title, 60_000)
      ),
    );
  await serves("first");
  const example = await Deno.readTextFile(BALANCER_SITE);
  const { load } = stack.use(
    await startBalancer(
      host.directory,
      (port) =>
        example.replace(":5001", `:${servers[0]!.port}`).replace(":5002", `:${servers[1]!.port}`)
          .replace("listen 5000;", `listen 127.0.0.1:${port};`),
    ),
  );
  const all = stack.move();
  return {
    load,
    async edit(title) {
      await host.edit(title);
      await serves(title);
    },
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}

/** Ends the old process, waits for its end, and starts the new one in its own session. */
function restartScript(args: readonly (string | number)[], pidFile: string): string {
  const server = [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", SLOW_SERVER, ...args].join(" ");
  return `if test -e ${pidFile}; then kill -TERM $(cat ${pidFile}); fi
while test -e ${pidFile}; do sleep 0.02; done
setsid ${server} </dev/null >/dev/null 2>&1 &
until test -e ${pidFile}; do sleep 0.02; done`;
}

async function killServer(pidFile: string): Promise<void> {
  const pid = Number(await Deno.readTextFile(pidFile).catch(() => ""));
  if (pid > 1) Deno.kill(pid, "SIGKILL");
}

/** Returns the body of a good answer, or else the status or the error. */
async function answerOf(url: string): Promise<string> {
  try {
    const answer = await fetch(url);
    const body = await answer.text();
    return answer.ok ? body : String(answer.status);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
