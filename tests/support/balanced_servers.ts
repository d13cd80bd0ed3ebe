// Two servers behind nginx under load, which hooks of the daemon restart, to count the requests that fail while the
// source is edited. The balancer has the shipped configuration. Disposing of it ends all processes.
import { eventually } from "./eventually.ts";
import { openHookHost } from "./hook_host.ts";
import { freePort } from "./redis_server.ts";

/** The path of nginx; undefined: it is not installed. */
export const NGINX: string | undefined = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** The settings of the servers. */
export interface BalancedServersOptions {
  /** Of each server. */
  readonly startMilliseconds: number;
  /** Whether the hook of a server waits until it is ready. */
  readonly isAwaited: boolean;
}

/** The requests so far. */
export interface LoadCount {
  /** The number of those that were answered with 200. */
  answered: number;
  /** The answers to the others. */
  readonly failed: string[];
}

/** Servers that serve. */
export interface BalancedServers extends AsyncDisposable {
  /** Changes the source and waits until both servers serve it. */
  edit(title: string): Promise<void>;
  /** The requests, which clients make all the time. */
  readonly load: LoadCount;
}

const SLOW_SERVER = decodeURIComponent(new URL("./slow_server.ts", import.meta.url).pathname);
const BALANCER_SITE = new URL("../../systemd/examples/nginx-honua.conf", import.meta.url);
const CLIENTS = 4;

/** Starts the daemon, whose hooks start the servers, the balancer and the load. */
export async function openBalancedServers(options: BalancedServersOptions): Promise<BalancedServers> {
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await openHookHost());
  const servers = ["a", "b"].map((name) => ({ name, port: freePort(), pidFile: host.path(`${name}.pid`) }));
  stack.defer(() => Promise.all(servers.map(({ pidFile }) => killServer(pidFile))).then(() => {}));
  const hooks = servers.map(({ name, port, pidFile }) => ({
    name,
    command: ["sh", "-c", restartScript([port, host.snapshotPath, options.startMilliseconds, pidFile], pidFile)],
    ...options.isAwaited && { ready: { http: { url: `http://127.0.0.1:${port}/ready` } } },
  }));
  await host.follow("first", await host.withHooks(hooks));
  const serves = (title: string) =>
    Promise.all(
      servers.map(({ name, port }) =>
        eventually(`${name} serves ${title}`, async () => await answerOf(`http://127.0.0.1:${port}/`) === title, 60_000)
      ),
    );
  await serves("first");
  const balancer = stack.use(await startBalancer(host.directory, servers.map(({ port }) => port)));
  const load: LoadCount = { answered: 0, failed: [] };
  const ending = new AbortController();
  const clients = Array.from({ length: CLIENTS }, () => requestUntil(balancer.url, load, ending.signal));
  stack.defer(async () => {
    ending.abort();
    await Promise.all(clients);
  });
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

/** Ends the old process, waits for its end, and starts the new one in a session of its own. */
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

async function requestUntil(url: string, load: LoadCount, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await fetch(url).catch((error: unknown) => String(error));
    if (typeof answer === "string") load.failed.push(answer);
    else {
      await answer.body?.cancel();
      if (answer.status === 200) load.answered++;
      else load.failed.push(String(answer.status));
    }
  }
}

/** Starts nginx with the shipped configuration, on a free port, and with files only in this directory. */
async function startBalancer(directory: string, [a, b]: readonly number[]) {
  const port = freePort();
  const site = (await Deno.readTextFile(BALANCER_SITE)).replace(":5001", `:${a}`).replace(":5002", `:${b}`)
    .replace("listen 5000;", `listen 127.0.0.1:${port};`);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ");
  const file = `${directory}/nginx.conf`;
  await Deno.writeTextFile(
    file,
    `daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
events {}
http { access_log off; ${paths}
${site}}\n`,
  );
  const args = ["-p", directory, "-e", `${directory}/error.log`, "-c", file];
  const nginx = new Deno.Command(NGINX!, { args, stdout: "null", stderr: "null" }).spawn();
  const url = `http://127.0.0.1:${port}/`;
  await eventually("the balancer serves", async () => await answerOf(url) === "first");
  return {
    url,
    async [Symbol.asyncDispose]() {
      nginx.kill("SIGTERM");
      await nginx.status;
    },
  };
}
