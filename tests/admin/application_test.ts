import { assert, assertEquals } from "@std/assert";
import { peerWith } from "../cli/canned_daemon.ts";
import { openAdminHost, problemOf } from "./admin_host.ts";
import { SECRET } from "./fake_daemon_api.ts";

const GET_PATHS = [
  "/livez",
  "/readyz",
  "/healthz/consistency",
  "/admin/status",
  "/admin/peers",
  "/admin/releases",
  "/admin/releases/41",
  "/metrics",
];

Deno.test("status and peers are JSON that ends with a line feed and is kept by nobody", async () => {
  await using host = await openAdminHost();
  const response = await host.ask("/admin/status");
  assertEquals(response.headers.get("Cache-Control"), "no-store, no-transform");
  assertEquals(response.headers.get("Content-Type"), "application/json");
  assertEquals(response.headers.has("Server"), false);
  assertEquals(response.headers.has("Access-Control-Allow-Origin"), false);
  const text = await response.text();
  assert(text.endsWith("}\n"));
  assertEquals(JSON.parse(text).instance, "edge-1");
  const { peers } = await (await host.ask("/admin/peers")).json();
  assertEquals(peers.length, 2);
});

Deno.test("this instance's record has the other instances' notes of its journal, and no record has all notes", async () => {
  await using host = await openAdminHost();
  const journal = { n: 7, digest: "d".repeat(64) };
  host.api.answerPeers = () =>
    Promise.resolve({
      ok: true,
      peers: [
        peerWith({ instance: "edge-1", self: true, journal }),
        peerWith({ instance: "edge-2", noted: [{ instance: "edge-1", ...journal }] }),
      ],
    });
  const { peers } = await (await host.ask("/admin/peers")).json();
  assertEquals(peers[0].journalNoted, [{ by: "edge-2", ...journal }]);
  assertEquals(peers.map((peer: object) => ["noted" in peer, "journalNoted" in peer]), [[false, true], [false, false]]);
});

Deno.test("answers are not compressed, for any Accept-Encoding", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1", new TextEncoder().encode(JSON.stringify("a".repeat(5000))));
  for (const path of ["/admin/status", "/admin/snapshot"]) {
    const response = await host.ask(path, { headers: { "Accept-Encoding": "gzip, br" } });
    assertEquals(response.headers.get("Content-Encoding"), null);
    assertEquals(response.headers.get("ETag"), path === "/admin/snapshot" ? '"c1"' : null);
    await response.body?.cancel();
  }
});

Deno.test("HEAD is answered wherever GET is, with the same status and no body", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  for (const path of [...GET_PATHS, "/admin/snapshot", "/admin/releases/41/source"]) {
    const get = await host.ask(path);
    await get.body?.cancel();
    const head = await host.ask(path, { method: "HEAD" });
    assertEquals([path, head.status, await head.text()], [path, get.status, ""]);
    assertEquals(head.headers.get("Content-Type"), get.headers.get("Content-Type"));
  }
  const events = await host.ask("/admin/events", { method: "HEAD" });
  assertEquals([events.status, await events.text(), host.api.events.followers()], [200, "", 0]);
});

Deno.test("an unknown path is not found, for any form of it", async () => {
  await using host = await openAdminHost();
  for (
    const path of [
      "/",
      "/admin",
      "/admin/",
      "/admin/status/",
      "/ADMIN/STATUS",
      "/admin/%73tatus/x",
      "/__proto__",
      "/admin/releases/",
      "/admin/releases/1/x",
    ]
  ) {
    const response = await host.ask(path);
    assertEquals([path, response.status, (await problemOf(response)).code], [path, 404, "admin/not-found"]);
  }
});

Deno.test("a method that a path does not take is refused with those that it takes", async () => {
  await using host = await openAdminHost();
  for (const path of [...GET_PATHS, "/admin/snapshot", "/admin/events", "/admin/releases/x/source"]) {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const response = await host.ask(path, { method });
      assertEquals([path, response.status, response.headers.get("Allow")], [path, 405, "GET, HEAD"]);
      assertEquals((await problemOf(response)).code, "admin/method-not-allowed");
    }
  }
  for (const method of ["GET", "HEAD"]) {
    const response = await host.ask("/admin/metadata/reload", { method });
    await response.body?.cancel();
    assertEquals([response.status, response.headers.get("Allow")], [405, "POST"]);
  }
  assertEquals(host.api.requests, []);
});

Deno.test("a problem is as RFC 9457 has it", async () => {
  await using host = await openAdminHost();
  assertEquals(await problemOf(await host.ask("/nothing")), {
    type: "about:blank",
    title: "Not Found",
    status: 404,
    code: "admin/not-found",
    detail: "There is nothing under this path",
  });
});

Deno.test("a bug is logged and answered without its details", async () => {
  await using host = await openAdminHost();
  host.api.bug = new TypeError("cannot read frobnication");
  const response = await host.ask("/admin/status");
  const text = await response.text();
  assertEquals([response.status, JSON.parse(text).code], [500, "admin/bug"]);
  assertEquals([text.includes("frobnication"), text.includes(".ts")], [false, false]);
  const [entry] = host.logged;
  assertEquals(entry?.message, "A bug kept an admin request from being answered");
  assert(String(entry?.fields?.error).includes("frobnication"));
});

Deno.test("no answer but the snapshot holds a secret, though the daemon gave it away everywhere", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  host.api.answerReload = () => Promise.resolve({ kind: "failed", reason: `no ${SECRET}` });
  host.api.events.add("rejected");
  const posted = await host.ask("/admin/metadata/reload", { method: "POST" });
  const events = await host.ask("/admin/events", { headers: { "Last-Event-ID": "5eed-0" } });
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  const texts = [await posted.text(), (await reader.read()).value!];
  await reader.cancel();
  for (const path of GET_PATHS) texts.push(await (await host.ask(path)).text());
  for (const text of texts) assertEquals(text.includes(SECRET), false, text);
  assertEquals(texts.filter((text) => text.includes("***")).length, 7);
  assert((await (await host.ask("/admin/snapshot")).text()).includes(SECRET));
});
