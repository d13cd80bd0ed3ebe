// Instances with a server each, behind nginx and under load: a server reads the server form when a hook restarts it,
// which takes it off the network for a while, and with a title that has `sick` it answers 500. Disposing ends all.
import { type Load, startBalancer } from "./balancer.ts";
import { eventually } from "./eventually.ts";
import { type Fleet, openFleet, type Settings } from "./fleet.ts";

/** A server that a hook of its instance restarts. */
export interface ServedServer extends AsyncDisposable {
  readonly port: number;
  /** All titles that it has served, the earliest first. */
  readonly titles: readonly string[];
}

export interface ServedFleet extends AsyncDisposable {
  readonly fleet: Fleet;
  /** In the order of the instances. */
  readonly servers: readonly ServedServer[];
  readonly load: Load;
}

const HOSTS = 10;
const RESTART_MILLISECONDS = 2_000;

/** Starts ten hosts, and resolves when each server serves the title `first`. */
export async function openServedFleet(settings: Settings): Promise<ServedFleet> {
  await using stack = new AsyncDisposableStack();
  const health = { "Health:IntervalSeconds": "1", "Health:Failures": "1", "Health:BakeSeconds": "1" };
  const fleet = stack.use(await openFleet({ count: HOSTS, settings: { ...health, ...settings } }));
  const servers: ServedServer[] = [];
  for (const instance of fleet.instances) {
    const server = openServer(instance.name, `${instance.directory}/config.snapshot.honua`);
    servers.push(stack.use(server));
    instance.start({ settings: hooksOf(server) });
  }
  await fleet.agrees("first", 1);
  for (const { titles } of servers) await eventually("a server serves", () => titles.length > 0, 60_000);
  const upstreams = servers.map(({ port }) => `server 127.0.0.1:${port} max_fails=0;`).join(" ");
  const { load } = stack.use(
    // One that refuses connections is passed over.
    await startBalancer(fleet.instances[0]!.directory, (port) =>
      `upstream servers { ${upstreams} }
server { listen 127.0.0.1:${port};
location / { proxy_pass http://servers; proxy_next_upstream error timeout; proxy_http_version 1.1; } }
`),
  );
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

/** A server on its own port, which is closed while it restarts, and a control port for the hooks. */
function openServer(host: string, form: string) {
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
    await new Promise((resolve) => setTimeout(resolve, RESTART_MILLISECONDS));
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
