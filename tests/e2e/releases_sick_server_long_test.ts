// Servers that do not come up with a new configuration, and the way back without a person: a server over HTTP that
// reads the server form when it is restarted, and cannot work with some titles.
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Daemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { openReleaseHost, type ReleaseHost } from "../support/release_host.ts";
import { sampleJson } from "../support/sample_source.ts";

/** With a title that has `sick` it answers 500, with one that has `dead` it is never ready. */
interface Server extends AsyncDisposable {
  readonly url: string;
  /** The title that it serves; null: it was not restarted yet. */
  title(): string | null;
  restarts(): number;
  /** Makes it sick with any configuration, or ends that. */
  setSick(isSick: boolean): void;
  /** Makes it answer no request for this path with this title until it may resume again; `asked`: there was one. */
  silence(path: string, title: string): { readonly asked: Promise<void>; resume(): void };
}

function startServer(serverForm: () => string): Server {
  let title: string | null = null;
  let restarts = 0;
  let isSick = false;
  let silenced: { readonly what: string; readonly asked: () => void; readonly over: Promise<void> } | null = null;
  const serving = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/restart") {
      title = /"?title"?\s*[=:]\s*"([^"]*)"/.exec(await Deno.readTextFile(serverForm()))?.[1] ?? null;
      restarts++;
    }
    if (silenced?.what === `${pathname} ${title}`) {
      silenced.asked();
      await silenced.over;
    }
    const isWell = {
      "/restart": true,
      "/ready": !title?.includes("dead"),
      "/health": !isSick && !title?.includes("sick"),
    }[pathname];
    return new Response(null, { status: isWell ? 200 : 500 });
  });
  return {
    url: `http://127.0.0.1:${serving.addr.port}`,
    title: () => title,
    restarts: () => restarts,
    setSick: (ill) => void (isSick = ill),
    silence(path, title) {
      const asked = Promise.withResolvers<void>();
      const over = Promise.withResolvers<void>();
      silenced = { what: `${path} ${title}`, asked: asked.resolve, over: over.promise };
      return {
        asked: asked.promise,
        resume() {
          silenced = null;
          over.resolve();
        },
      };
    },
    [Symbol.asyncDispose]: () => serving.shutdown(),
  };
}

/** A host whose daemon restarts the server and asks for its health. */
async function openServedHost(
  health: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly host: ReleaseHost; readonly server: Server }> {
  // Its directory is known only when the host is there.
  let form = "";
  const server = startServer(() => form);
  const host = await openReleaseHost(
    [
      {
        name: "server",
        http: { url: `${server.url}/restart` },
        ready: { http: { url: `${server.url}/ready` }, timeoutSeconds: 1 },
      },
      { name: "answers", on: "health", http: { url: `${server.url}/health` } },
    ],
    { "Health:BakeSeconds": 1, "Health:IntervalSeconds": 1, "Health:Failures": 1, ...health },
    "honua.json",
  );
  form = host.serverPath;
  return { host, server };
}

/** Waits until the health checks have accepted the release in force, which has this title. */
async function isHealthy(host: ReleaseHost, title: string): Promise<void> {
  const { header } = await host.hasSnapshot(title);
  await host.shows("a healthy release", ({ release }) => release?.state === "healthy" && release.hash === header.hash);
}

/** Waits until the daemon is back on the release before: the files, the server, and its release that is healthy. */
async function isBackOn(title: string, { host, server }: { readonly host: ReleaseHost; readonly server: Server }) {
  await host.shows("a release put back by the health checks", ({ release, held }) => {
    const isHeld = held !== null && held.reason?.startsWith("unhealthy: ") === true;
    return isHeld && release?.cause === "health" && release.state === "healthy";
  });
  assertEquals((await host.snapshot()).title, title);
  assertEquals(server.title(), title);
}

/** Changes the file so that the daemon must look, and hold the source back. */
async function staysHeld(daemon: Daemon, harm: () => Promise<void>): Promise<void> {
  const from = daemon.entries.length;
  await harm();
  await daemon.logged(({ outcome }) => outcome === "held", from);
  assertEquals(daemon.outcomes().filter((outcome) => outcome === "activated").length, 0);
}

Deno.test("a change with which the server does not come up is undone without a person, and stays undone", async (t) => {
  const { host, server } = await openServedHost();
  await using _server = server;
  await using _host = host;
  const { args } = host;
  const first = await host.follow("first", { args });
  await isHealthy(host, "first");
  const good = await host.serverForm();
  let latest = first;

  await t.step("a server that answers 500 is back on the old configuration", async () => {
    await host.edit("sick");
    await first.logged("Release 2 failed its health checks: hook answers failed: ");
    await first.logged("Rolls release 2 back: unhealthy: ");
    await isBackOn("first", { host, server });
    assertEquals(await host.serverForm(), good);
    assertEquals(await Deno.readTextFile(host.source), sampleJson("sick"));
    assertStringIncludes(await host.ends(1, "status"), "a health check rolled the file's configuration back");
    assertEquals(await host.states(), "3 health healthy, 2 file failed, 1 file healthy");
  });
  await t.step("it stays there through a restart, and when the bad file comes again", async () => {
    first.kill("SIGTERM");
    await first.ended;
    const restarts = server.restarts();
    const second = await host.follow("first", { args });
    await staysHeld(second, () => host.edit("sick"));
    await staysHeld(second, async () => await Deno.utime(host.source, new Date(), new Date()));
    assertEquals([server.title(), server.restarts()], ["first", restarts]);
    second.kill("SIGTERM");
    await second.ended;
  });
  await t.step("a daemon that is killed while it watches goes on from the same point", async () => {
    const third = await host.follow("first", { args });
    await host.edit("good");
    await isHealthy(host, "good");
    let daemon = third;
    for (const [release, phase, path] of [[5, "hooks", "/restart"], [7, "checking", "/health"]] as const) {
      const silence = server.silence(path, `sick in ${phase}`);
      await host.edit(`sick in ${phase}`);
      await silence.asked;
      await eventually("the phase on the disk", async () => (await host.kept()).bake?.phase === phase);
      daemon.kill("SIGKILL");
      await daemon.ended;
      silence.resume();
      daemon = host.start({ args });
      await daemon.logged(`Rolls release ${release} back: unhealthy: `);
      await isBackOn("good", { host, server });
    }
    latest = daemon;
  });
  await t.step("so is one that is never ready, and then another edit is taken", async () => {
    await host.edit("dead");
    await latest.logged("Rolls release 9 back: unhealthy: hook server failed: was not ready within 1 s");
    await isBackOn("good", { host, server });
    await host.edit("better");
    await isHealthy(host, "better");
    assertEquals(server.title(), "better");
    await host.ends(0, "status");
  });
});

Deno.test("with halt a change with which the server does not come up stays, and says so", async () => {
  const { host, server } = await openServedHost({ "Health:OnFailure": "halt" });
  await using _server = server;
  await using _host = host;
  const daemon = await host.follow("first", { args: host.args });
  await isHealthy(host, "first");
  await host.edit("sick");
  await daemon.logged("Release 2 failed its health checks: ");
  const { msg } = await daemon.logged(({ msg }) =>
    msg.endsWith("; it stays in force, because Health:OnFailure is halt")
  );
  assertStringIncludes(msg, "hook answers failed");
  const { release, held, bake } = await host.status();
  assertEquals([release?.state, held, bake?.endsAt], ["failed", null, null]);
  assertEquals((await host.snapshot()).title, "sick");
  const says = "is in force, and its health checks failed; it was not rolled back: Health:OnFailure is halt";
  assertStringIncludes(await host.ends(1, "status"), says);
  await host.edit("better");
  await isHealthy(host, "better");
  assertEquals(await host.states(), "3 file healthy, 2 file failed, 1 file healthy");
});

Deno.test("a change is not blamed for servers that were sick before it", async () => {
  const { host, server } = await openServedHost();
  await using _server = server;
  await using _host = host;
  const daemon = await host.follow("first", { args: host.args });
  await isHealthy(host, "first");
  server.setSick(true);
  await host.edit("second");
  await daemon.logged(({ msg }) =>
    msg.endsWith("because the servers were not healthy before it, or it was rolled back once already")
  );
  assertEquals((await host.snapshot()).title, "second");
  assertEquals(await host.states(), "2 file failed, 1 file healthy");
  server.setSick(false);
  await isHealthy(host, "second");
  await host.ends(0, "status");
  assertEquals(await host.states(), "2 file healthy, 1 file healthy");
  await host.edit("third");
  await isHealthy(host, "third");
});
