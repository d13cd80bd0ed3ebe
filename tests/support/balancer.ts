// nginx in front of servers, with clients that make requests all the time and count those that fail.
import { eventually } from "./eventually.ts";
import { freePort } from "./redis_server.ts";

/** The path of nginx; undefined: it is not installed. */
export const NGINX: string | undefined = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** The requests so far. */
export interface Load {
  answered: number;
  /** The answers that were no success: the name of the host, or `balancer`, and the status or error. */
  readonly failed: { readonly host: string; readonly what: string }[];
}

/** A balancer under load. Disposing of it ends the requests, then nginx. */
export interface Balancer extends AsyncDisposable {
  readonly load: Load;
}

const CLIENTS = 4;

/** Starts nginx on a free port, with files only in this directory, and the load when it serves. */
export async function startBalancer(directory: string, siteAt: (port: number) => string): Promise<Balancer> {
  const port = freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ");
  const file = `${directory}/nginx.conf`;
  await Deno.writeTextFile(
    file,
    `daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
events {}
http { access_log off; ${paths}
${siteAt(port)}}\n`,
  );
  const args = ["-p", directory, "-e", `${directory}/error.log`, "-c", file];
  const nginx = new Deno.Command(NGINX!, { args, stdout: "null", stderr: "null" }).spawn();
  const url = `http://127.0.0.1:${port}/`;
  await eventually("the balancer serves", async () => {
    const answer = await fetch(url).catch(() => null);
    await answer?.body?.cancel();
    return answer?.ok === true;
  });
  const load: Load = { answered: 0, failed: [] };
  const ending = new AbortController();
  const clients = Array.from({ length: CLIENTS }, () => requestUntil(url, load, ending.signal));
  return {
    load,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(clients);
      nginx.kill("SIGTERM");
      await nginx.status;
    },
  };
}

async function requestUntil(url: string, load: Load, signal: AbortSignal): Promise<void> {
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
