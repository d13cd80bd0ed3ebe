// A directory on its own file system, whose server can be stopped: every access then hangs, as on a network file
// system after its server went away. bindfs(1) serves the former content of the directory. Disposing of it unmounts it.
import { eventually } from "./eventually.ts";

/** A mounted directory. */
export interface BindMount extends AsyncDisposable {
  /** Makes every access hang that the kernel cannot answer from its cache. */
  freeze(): void;
  /** Lets the server answer again. */
  thaw(): void;
}

/** Why this machine has no bind mounts, in one line; null: it has. */
export async function obstacleToBindMounts(): Promise<string | null> {
  const directory = await Deno.makeTempDir();
  const mount = await openBindMount(directory);
  if (typeof mount === "object") await mount[Symbol.asyncDispose]();
  await Deno.remove(directory);
  return typeof mount === "string" ? mount : null;
}

/** Mounts a directory over itself, or returns the obstacle in one line. */
export async function openBindMount(directory: string): Promise<BindMount | string> {
  // The kernel caches the attributes of a file for a minute, as it does with NFS: a stat proves nothing.
  const args = ["-f", "-o", "attr_timeout=60,entry_timeout=60", directory, directory];
  const before = (await Deno.stat(directory)).dev;
  let server: Deno.ChildProcess;
  try {
    server = new Deno.Command("bindfs", { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  } catch (error) {
    return `bindfs cannot be started: ${error instanceof Error ? error.message : String(error)}`;
  }
  let ended = false;
  void server.status.then(() => ended = true);
  await eventually("the mount", async () => ended || (await Deno.stat(directory)).dev !== before);
  if (ended) return "bindfs cannot mount here: it takes root and /dev/fuse";
  return {
    freeze: () => server.kill("SIGSTOP"),
    thaw: () => server.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      server.kill("SIGCONT");
      await new Deno.Command("umount", { args: ["--lazy", directory] }).output();
      // A server that still has users would continue.
      if (!ended) server.kill("SIGKILL");
      await server.status;
    },
  };
}
