import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findServeOnConnection } from "../../src/admin/serve_on_connection.ts";
import { ADMIN_LIMITS } from "../../src/admin/limits.ts";
import { eventually } from "../support/eventually.ts";
import { openAdminHost, sayOn } from "./admin_host.ts";

const GET = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

Deno.test("a client that says nothing, or half a head, is cut off", async () => {
  await using host = await openAdminHost({ limits: { headMilliseconds: 50 } });
  assertEquals(await Promise.all(["", "GET /li", "GET /livez HTTP/1.1\r\nHost: x\r\nX-"].map(host.say)), ["", "", ""]);
});

Deno.test("a client that sends its head drop by drop is cut off anyway", async () => {
  await using host = await openAdminHost({ limits: { headMilliseconds: 50 } });
  using connection = await Deno.connect({ transport: "unix", path: host.socket });
  const drop = new TextEncoder().encode("G");
  await eventually("it is cut off", async () => {
    try {
      await connection.write(drop);
      return false;
    } catch {
      return true;
    }
  });
});

Deno.test("a connection serves many requests, and is cut off when none comes", async () => {
  await using host = await openAdminHost({ limits: { idleMilliseconds: 50 } });
  const answer = await host.say(GET + GET);
  assertEquals(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 2);
});

Deno.test("garbage is answered with 400 and the end of the connection", async () => {
  await using host = await openAdminHost({ limits: { idleMilliseconds: 50, graceMilliseconds: 50 } });
  for (const text of ["\0\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET /livez HTTP/9.9\r\n\r\n", `${GET}garbage\r\n\r\n`]) {
    assertStringIncludes(await host.say(text), "HTTP/1.1 400 ");
  }
  const smuggled =
    "POST /admin/metadata/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}";
  assertStringIncludes(await host.say(smuggled), "HTTP/1.1 400 ");
  assertEquals(host.api.requests, []);
});

Deno.test("a client that does not read its answer is cut off", async () => {
  await using host = await openAdminHost({ limits: { writeMilliseconds: 50, maxConnections: 1 } });
  host.api.activate("c1", new Uint8Array(16 * 1024 * 1024));
  using connection = await Deno.connect({ transport: "unix", path: host.socket });
  await connection.write(new TextEncoder().encode("GET /admin/snapshot HTTP/1.1\r\nHost: x\r\n\r\n"));
  await eventually(
    "its place is free",
    async () => (await host.say(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))) !== "",
  );
});

Deno.test("further connections than there may be are refused, and that is reported once", async () => {
  await using host = await openAdminHost({ limits: { maxConnections: 3 } });
  const held = await Promise.all([1, 2, 3].map(() => Deno.connect({ transport: "unix", path: host.socket })));
  await eventually("they are refused", async () => await host.say(GET).catch(() => "") === "");
  assertEquals(await host.say(GET).catch(() => ""), "");
  assertEquals(host.logged.map(({ message }) => message), [
    "Admin interface: 3 connections are open, further ones are refused",
  ]);
  const overTcp = await host.askTcp("/livez");
  assertEquals([overTcp.status, await overTcp.text()], [200, '{"status":"alive"}\n']);
  for (const connection of held) connection.close();
  await eventually("there is room", async () => {
    const response = await host.ask("/livez");
    await response.body?.cancel();
    return response.ok;
  });
});

Deno.test("closing lets a request in flight end, and takes no further ones", async () => {
  await using host = await openAdminHost();
  const { answerReload } = host.api;
  const { promise, resolve } = Promise.withResolvers<void>();
  host.api.answerReload = () => promise.then(answerReload);
  const reload = host.ask("/admin/metadata/reload", { method: "POST" });
  await eventually("it is in flight", () => host.api.requests.length === 1);
  const closed = host.server[Symbol.asyncDispose]();
  // The name goes first, which is a request to the file system: until then a connection may still be taken.
  await eventually("no further one is taken", () => sayOn(host.socket, GET).then(() => false, () => true));
  resolve();
  const response = await reload;
  assertEquals([response.status, (await response.json()).status], [200, "reloaded"]);
  await closed;
});

Deno.test("closing cuts a connection that does not end in time", async () => {
  await using host = await openAdminHost({ limits: { graceMilliseconds: 50 } });
  host.api.answerReload = () => new Promise(() => {});
  const reload = host.ask("/admin/metadata/reload", { method: "POST" }).then(() => "answered", () => "cut");
  await eventually("it is in flight", () => host.api.requests.length === 1);
  await host.server[Symbol.asyncDispose]();
  assertEquals(await reload, "cut");
});

Deno.test("clients that go away at any point leave no connection behind", async () => {
  await using host = await openAdminHost({ limits: { maxConnections: 50 } });
  host.api.activate("c1");
  const wait = 'GET /admin/snapshot?wait=300 HTTP/1.1\r\nHost: x\r\nIf-None-Match: "c1"\r\n\r\n';
  const post = "POST /admin/metadata/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{";
  for (const text of ["", "GET", GET, wait, post, "GET /admin/events HTTP/1.1\r\nHost: x\r\n\r\n"]) {
    for (let time = 0; time < 30; time++) {
      using connection = await Deno.connect({ transport: "unix", path: host.socket });
      await connection.write(new TextEncoder().encode(text)).catch(() => {});
    }
    await eventually("there is room", async () => (await host.ask("/livez")).text().then(() => true));
  }
  await eventually("nobody waits", () => host.api.waiters() + host.api.events.followers() === 0);
  assert(host.logged.every(({ message }) => !message.includes("bug")));
});

Deno.test("an exception at the start of a connection is reported as a bug, and the next connection is served", async () => {
  const serve = findServeOnConnection();
  assert(serve !== null);
  let bugs = 1;
  await using host = await openAdminHost({
    serveOnConnection: (...given) => {
      if (bugs-- > 0) throw new Error("no such thing");
      return serve(...given);
    },
  });
  assertEquals(await host.say(GET).catch(() => ""), "");
  assertEquals(host.logged.map(({ message }) => message), ["A bug ended an admin connection"]);
  assertStringIncludes(String(host.logged[0]!.fields!["error"]), "no such thing");
  assertEquals(await host.ask("/livez").then((response) => response.text()), '{"status":"alive"}\n');
});

Deno.test("two listeners that are full leave the daemon a third of the descriptors that it mostly may have", () => {
  // Over TLS one more than that is accepted, and waits.
  assert(2 * (ADMIN_LIMITS.maxConnections + 1) < 1_024 * 2 / 3);
  assert(ADMIN_LIMITS.maxWaiters + ADMIN_LIMITS.maxFollowers < ADMIN_LIMITS.maxConnections);
});
