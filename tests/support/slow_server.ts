// A server that starts slowly, as a process: `slow_server.ts PORT SNAPSHOT STARTING_MS PID_FILE`. It reads the snapshot
// once, listens after half of that time, answers 503 until the time is over, and then with the title of the layer
// `roads`. At SIGTERM it answers the requests that it has accepted, and removes its PID file last.
const [port = "", snapshotPath = "", starting = "", pidFile = ""] = Deno.args;

const delay = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let stop = () => {};
const stopped = new Promise<void>((resolve) => stop = resolve);
Deno.addSignalListener("SIGTERM", stop);
await Deno.writeTextFile(`${pidFile}.new`, `${Deno.pid}\n`);
await Deno.rename(`${pidFile}.new`, pidFile);
const { layers } = JSON.parse(await Deno.readTextFile(snapshotPath));
await delay(Number(starting) / 2);
const readyAt = performance.now() + Number(starting) / 2;
const server = Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: () => {} }, async () => {
  if (performance.now() < readyAt) return new Response("starting", { status: 503 });
  // Long enough that a restart finds requests in progress.
  await delay(20);
  return new Response(layers.roads.title);
});
await stopped;
await server.shutdown();
await Deno.remove(pidFile);
Deno.exit(0);
