// The messages of a daemon to its service manager, over its own socket: all of them are true.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openEdgeHost } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { SAMPLE_CONNECTION } from "../support/sample_source.ts";

/** A service manager that only listens; disposing of it closes its socket. */
function listenAt(path: string) {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const heard: string[] = [];
  const listening = (async () => {
    for await (const [bytes] of socket) heard.push(new TextDecoder().decode(bytes));
  })();
  /** The messages as words, without signs of life and the texts of the status. */
  const steps = () => heard.flatMap((message) => message.match(/^(?:READY|RELOADING|STOPPING)/gm) ?? []);
  const statuses = () => heard.flatMap((message) => /^STATUS=(.*)$/m.exec(message)?.[1] ?? []);
  const close = async () => {
    socket.close();
    await listening;
  };
  return { heard, steps, statuses, [Symbol.asyncDispose]: close };
}

function environmentOf(path: string, others: Record<string, string> = {}) {
  return { SAMPLE_CONNECTION, NOTIFY_SOCKET: path, ...others };
}

Deno.test("READY comes with the first snapshot, each reload is reported, and the status has the hash", async () => {
  await using host = await openEdgeHost();
  const path = `${host.directory}/notify`;
  await using manager = listenAt(path);
  const daemon = await host.follow("first", { env: environmentOf(path) });
  await eventually("READY", () => manager.steps().includes("READY"));
  const { header } = await host.snapshot();
  assertEquals(manager.statuses().at(-1), `${header.hash.slice(0, 12)} in force`);
  await host.edit("second");
  await host.hasSnapshot("second");
  await eventually("the end of the reload", () => manager.steps().length === 3);
  await host.put("honua {\n");
  await eventually("the problem", () => manager.statuses().at(-1)?.includes("the source is rejected"));
  await daemon[Symbol.asyncDispose]();
  const steps = manager.steps();
  assertEquals(steps.slice(0, 3), ["READY", "RELOADING", "READY"]);
  assertEquals(steps.at(-1), "STOPPING");
  assert(!manager.heard.some((message) => message.includes("WATCHDOG")), "nobody asked for signs of life");
});

Deno.test("a daemon that can put nothing in force is READY anyway, and says so", async () => {
  await using host = await openEdgeHost();
  await host.put("honua {\n");
  const path = `${host.directory}/notify`;
  await using manager = listenAt(path);
  host.start({ env: environmentOf(path) });
  const ready = await eventually("READY", () => manager.heard.find((message) => message.startsWith("READY=1")));
  assertMatch(ready, /^STATUS=No snapshot is in force; the source is rejected: .*; watching the source$/m);
});

Deno.test("the loop tells that it lives while the watchdog listens, and not the watchdog of another process", async () => {
  await using host = await openEdgeHost();
  const path = `${host.directory}/notify`;
  await using manager = listenAt(path);
  const daemon = host.start({ env: environmentOf(path, { WATCHDOG_USEC: "100000" }) });
  await eventually("signs of life", () => manager.heard.filter((message) => message.includes("WATCHDOG=1")).length > 3);
  await daemon[Symbol.asyncDispose]();
  manager.heard.length = 0;
  await using other = host.start({ env: environmentOf(path, { WATCHDOG_USEC: "100000", WATCHDOG_PID: "1" }) });
  await other.logged("File watching enabled");
  await eventually("READY", () => manager.steps().includes("READY"));
  assert(!manager.heard.some((message) => message.includes("WATCHDOG")));
});

Deno.test("a manager that is gone costs a line of the log and nothing else", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first", { env: environmentOf(`${host.directory}/nobody`) });
  await daemon.logged("The service manager does not get the messages");
  await host.edit("second");
  await host.hasSnapshot("second");
});
