import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ADMIN_LIMITS, RELAY_LIMITS } from "../../src/admin/limits.ts";
import { serveByRelay } from "../../src/admin/serve_on_connection.ts";
import { withinLimit } from "../../src/time/limit.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { openAdminHost, problemOf, TOKEN } from "./admin_host.ts";

const LIVEZ = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

const LAST_LIVEZ = LIVEZ.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");

/** The interface on a Deno that cannot serve a single connection. */
const openRelayed = (limits = {}) => openAdminHost({ serveOnConnection: null, limits });

Deno.test("a Deno that cannot serve single connections is reported once, and both listeners answer", async () => {
  await using host = await openRelayed();
  const [warning, ...others] = host.logged;
  assertStringIncludes(warning!.message, "cannot serve HTTP on a single connection");
  assertEquals([warning!.fields, others], [{ maxConnections: RELAY_LIMITS.maxConnections }, []]);
  assertEquals(await (await host.ask("/livez")).json(), { status: "alive" });
  assertEquals((await problemOf(await host.askTcp("/admin/status"))).code, "admin/unauthorized");
  assertEquals(
    (await host.say(LIVEZ.repeat(3) + LAST_LIVEZ))
      .match(/200 OK/g)?.length,
    4,
  );
});

Deno.test("a relayed snapshot of many pieces arrives whole, over TLS too", async () => {
  await using directory = await temporaryDirectory();
  const authority = await makeAuthority(directory.path, "authority");
  const tls = await makeCertificate(authority, directory.path, "edge", ["DNS:localhost"]);
  await using host = await openAdminHost({ serveOnConnection: null, tls });
  const large = new Uint8Array(4 * 1024 * 1024).map((_, at) => at * 31 + (at >> 8));
  host.api.activate("c1", large);
  assertEquals(Buffer.compare(await (await host.ask("/admin/snapshot")).bytes(), large), 0);
  using client = Deno.createHttpClient({ caCerts: [authority.certificate] });
  const { port } = new URL(host.server.addresses()[1]!);
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const overTls = await fetch(`https://localhost:${port}/admin/snapshot`, { client, headers });
  assertEquals(Buffer.compare(await overTls.bytes(), large), 0);
});

Deno.test("a relayed client that says nothing, half a head, or nothing more is cut off", async () => {
  await using host = await openRelayed({ headMilliseconds: 50, idleMilliseconds: 50 });
  assertEquals(await Promise.all(["", "GET /li"].map(host.say)), ["", ""]);
  assertStringIncludes(await host.say(LIVEZ), "HTTP/1.1 200 OK");
});

Deno.test("a relayed client that does not read its answer frees its place when it goes, and holds up no end", async () => {
  const host = await openRelayed({ writeMilliseconds: 50, graceMilliseconds: 50, maxConnections: 1 });
  host.api.activate("c1", new Uint8Array(16 * 1024 * 1024));
  const connect = async () => {
    const connection = await Deno.connect({ transport: "unix", path: host.socket });
    await connection.write(new TextEncoder().encode("GET /admin/snapshot HTTP/1.1\r\nHost: x\r\n\r\n"));
    return connection;
  };
  const held = await connect();
  assertEquals(await host.say(LAST_LIVEZ).catch(() => ""), "");
  held.close();
  await eventually("its place is free", async () => await host.say(LAST_LIVEZ) !== "");
  using _other = await connect();
  await host[Symbol.asyncDispose]();
});

Deno.test("clients of a relay that come and go leave no wait, no descriptor and no file behind", async () => {
  await using directory = await temporaryDirectory();
  const host = await openRelayed();
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", directory.path);
  try {
    const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const idle = descriptors();
    host.api.activate("c1", new Uint8Array(1024));
    for (const text of ["", "GET /li", LIVEZ, "GET /admin/events HTTP/1.1\r\nHost: x\r\n\r\n", "\0\r\n\r\n"]) {
      for (let time = 0; time < 10; time++) {
        using connection = await Deno.connect({ transport: "unix", path: host.socket });
        await connection.write(new TextEncoder().encode(text)).catch(() => {});
      }
    }
    await eventually("nobody waits", () => host.api.waiters() + host.api.events.followers() === 0);
    await eventually("their descriptors are closed", () => descriptors() <= idle);
    assertEquals([...Deno.readDirSync(directory.path)], []);
    assertStringIncludes(
      await host.say(LAST_LIVEZ),
      "200 OK",
    );
    await host[Symbol.asyncDispose]();
    assert(host.logged.every(({ message }) => !message.includes("bug")));
    assertEquals([...Deno.readDirSync(directory.path)], []);
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
});

Deno.test("a connection that takes few bytes at a time gets all of them, and its end ends the relay", async () => {
  const answered = Promise.withResolvers<null>();
  const requests = [new TextEncoder().encode(LIVEZ)];
  let answer = "";
  const connection = {
    read(into: Uint8Array) {
      const request = requests.shift();
      if (request === undefined) return answered.promise;
      into.set(request);
      return Promise.resolve(request.length);
    },
    write(bytes: Uint8Array) {
      answer += new TextDecoder().decode(bytes.subarray(0, 7));
      if (answer.endsWith("the end")) answered.resolve(null);
      return Promise.resolve(Math.min(7, bytes.length));
    },
    closeWrite: () => Promise.resolve(),
    close: () => {},
  } as unknown as Deno.Conn;
  const handler = () => Promise.resolve(new Response("x".repeat(1_000) + "the end"));
  const served = serveByRelay(connection, { addEventListener: () => {} }, handler, () => new Response(), () => {});
  assertEquals((await withinLimit(served.finished, 10_000)).ok, true);
  assertEquals(answer.slice(answer.indexOf("\r\n\r\n") + 4), "x".repeat(1_000) + "the end");
});

Deno.test("two full listeners with relays leave the daemon a third of the descriptors, too", () => {
  assert(2 * 4 * (RELAY_LIMITS.maxConnections + 1) < 1_024 * 2 / 3);
  assert(RELAY_LIMITS.maxWaiters + RELAY_LIMITS.maxFollowers < RELAY_LIMITS.maxConnections);
  assertEquals(RELAY_LIMITS, { ...ADMIN_LIMITS, maxConnections: 75, maxWaiters: 40, maxFollowers: 20 });
});
