// Instances with a server each, behind nginx and under load: a server reads the server form when a hook restarts it,
// which takes it off the network for a while, and with a title that has `sick` it answers 500. Disposing ends all.
import { eventually } from "./eventually.ts";
import { type Fleet, openFleet, type Settings } from "./fleet.ts";
import { freePort } from "./redis_server.ts";

/** A server that a hook of its instance restarts. */
export interface ServedServer extends AsyncDisposable {
  readonly port: number;
  /** All titles that it has served, the earliest first. */
  readonly titles: readonly string[];
}

/** The requests so far, by the title that answered. */
export interface ServedLoad {
  answered: number;
  /** The answers that were no success: the name of the host, or `balancer`, and the status. */
  readonly failed: { readonly host: string; readonly what: string }[];
}

export interface ServedFleet extends AsyncDisposable {
  readonly fleet: Fleet;
  /** In the order of the instances. */
  readonly servers: readonly ServedServer[];
  readonly load: ServedLoad;
}

export interface ServedFleetOptions {
  readonly count: number;
  readonly restartMilliseconds: number;
  readonly nginx: string;
  readonly settings: Settings;
}

const CLIENTS = 4;

/** Starts all of them, and resolves when each server serves the title `first`. */
export async function openServedFleet(options: ServedFleetOptions): Promise<ServedFleet> {
  const { count, restartMilliseconds, nginx, settings } = options;
  await using stack = new AsyncDisposableStack();
  const health = { "Health:IntervalSeconds": "1", "Health:Failures": "1", "Health:BakeSeconds": "1" };
  const fleet = stack.use(await openFleet({ count, settings: { ...health, ...settings } }));
  const servers: ServedServer[] = [];
  for (const instance of fleet.instances) {
    const server = openServer(instance.name, `${instance.directory}/config.snapshot.honua`, restartMilliseconds);
    servers.push(stack.use(server));
    instance.start({ settings: hooksOf(server) });
  }
  await fleet.agrees("first", 1);
  for (const { titles } of servers) await eventually("a server serves", () => titles.length > 0, 60_000);
  const balancer = stack.use(await startNginx(nginx, fleet.instances[0]!.directory, servers.map(({ port }) => port)));
  const load: ServedLoad = { answered: 0, failed: [] };
  const ending = new AbortController();
  const clients = Array.from({ length: CLIENTS }, () => requestUntil(balancer.url, load, ending.signal));
  stack.defer(async () => {
    ending.abort();
    await Promise.all(clients);
  });
  const all = stack.move();
  return { fleet, servers, load, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() };
}

function hooksOf(server: ServedServer & { readonly control: number }): Settings {
  const url = `http://127.0.0.1:${server.control}`;
  return {
    "Hooks:List:0:Name": "server",
    "Hooks:List:0:Http:Url": `${url}/restart`,
    "Hooks:List:0:Ready:Http:Url": `${url}/ready`,
    "Hooks:List:1:Name": "answers",
    "Hooks:List:1:On": "health",
    "Hooks:List:1:Http:Url": `${url}/health`,
  };
}

/**
 * Returns a port that is free now and that the kernel gives to no connection (ip(7), `ip_local_port_range` begins at
 * 32768): a server that restarts finds it free again.
 */
function quietPort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** A server on a port of its own, which is closed while it restarts, and a control port for the hooks. */
function openServer(host: string, form: string, restartMilliseconds: number) {
  const port = quietPort();
  const titles: string[] = [];
  let serving: Deno.HttpServer | null = null;
  let isReady = false;
  const listen = (title: string) =>
    Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      () => new Response(title, { status: title.includes("sick") ? 500 : 200, headers: { "X-Host": host } }),
    );
  const restart = async () => {
    isReady = false;
    await serving?.shutdown();
    // As long as a real server takes to read its files.
    await new Promise((resolve) => setTimeout(resolve, restartMilliseconds));
    const title = /"?title"?\s*[=:]\s*"([^"]*)"/.exec(await Deno.readTextFile(form))?.[1] ?? "";
    titles.push(title);
    serving = listen(title);
    isReady = true;
  };
  const controlling = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/restart") void restart();
    const isWell = pathname !== "/health" || titles.at(-1)?.includes("sick") !== true;
    return new Response(null, { status: pathname === "/ready" && !isReady ? 503 : isWell ? 200 : 500 });
  });
  return {
    port,
    titles,
    control: controlling.addr.port,
    async [Symbol.asyncDispose]() {
      await controlling.shutdown();
      await eventually("a server that is not restarting", () => isReady || titles.length === 0);
      await serving?.shutdown();
    },
  };
}

async function requestUntil(url: string, load: ServedLoad, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const answer = await fetch(url);
      await answer.body?.cancel();
      if (answer.ok) load.answered++;
      else load.failed.push({ host: answer.headers.get("X-Host") ?? "balancer", what: String(answer.status) });
    } catch (error) {
      load.failed.push({ host: "balancer", what: String(error) });
    }
    // A steady load, not a flood: the daemons need the cores.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Starts nginx over all servers: one that refuses connections is passed over. */
async function startNginx(program: string, directory: string, ports: readonly number[]) {
  const port = freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ");
  const upstreams = ports.map((one) => `server 127.0.0.1:${one} max_fails=0;`).join(" ");
  const file = `${directory}/nginx.conf`;
  await Deno.writeTextFile(
    file,
    `daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
events {}
http { access_log off; ${paths}
upstream servers { ${upstreams} }
server { listen 127.0.0.1:${port};
location / { proxy_pass http://servers; proxy_next_upstream error timeout; proxy_http_version 1.1; } } }\n`,
  );
  const args = ["-p", directory, "-e", `${directory}/error.log`, "-c", file];
  const nginx = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  const url = `http://127.0.0.1:${port}/`;
  await eventually("the balancer serves", async () => {
    const answer = await fetch(url).catch(() => null);
    await answer?.body?.cancel();
    return answer?.ok === true;
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      nginx.kill("SIGTERM");
      await nginx.status;
    },
  };
}
