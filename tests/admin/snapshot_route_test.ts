import { assertEquals } from "@std/assert";
import { maskedAnswers } from "../../src/admin/problem.ts";
import { ADMIN_LIMITS } from "../../src/admin/limits.ts";
import { snapshotRoute } from "../../src/admin/snapshot_route.ts";
import { countedSignal } from "../support/counted_signal.ts";
import { eventually } from "../support/eventually.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { openAdminHost, problemOf } from "./admin_host.ts";
import { fakeDaemonApi } from "./fake_daemon_api.ts";

const PATH = "/admin/snapshot";
const KNOWN = { headers: { "If-None-Match": '"c1"' } };

Deno.test("the snapshot is served byte for byte, with its content hash as entity tag", async () => {
  await using host = await openAdminHost();
  const bytes = crypto.getRandomValues(new Uint8Array(65_536)).toBase64().repeat(40);
  const content = new TextEncoder().encode(bytes);
  host.api.activate("c1", content);
  const response = await host.ask(PATH);
  assertEquals(response.headers.get("ETag"), '"c1"');
  assertEquals(response.headers.get("Content-Length"), String(content.length));
  assertEquals(await response.bytes(), content);
});

Deno.test("an empty snapshot is served too", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1", new Uint8Array());
  assertEquals(await (await host.ask(PATH)).text(), "");
});

Deno.test("there is no snapshot while none is in force", async () => {
  await using host = await openAdminHost();
  const response = await host.ask(PATH);
  assertEquals([response.status, (await problemOf(response)).code], [503, "admin/no-snapshot"]);
});

Deno.test("If-None-Match spares a client that has the snapshot, by weak comparison", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  const ask = async (tag: string) => {
    const response = await host.ask(PATH, { headers: { "If-None-Match": tag } });
    const length = (await response.bytes()).length;
    return [response.status, response.status === 304 ? response.headers.get("ETag") : null, length > 0];
  };
  for (const tag of ['"c1"', 'W/"c1"', "*", '"a,b", "c1"']) {
    assertEquals([tag, ...await ask(tag)], [tag, 304, '"c1"', false]);
  }
  for (const tag of ['"c2"', '"a,c1"']) assertEquals([tag, ...await ask(tag)], [tag, 200, null, true]);
  assertEquals(await ask("c1"), [400, null, true]);
});

Deno.test("a wait is answered at once if the client has another snapshot, or none", async () => {
  await using host = await openAdminHost();
  host.api.activate("c2");
  for (const headers of [{}, { "If-None-Match": '"c1"' }]) {
    const response = await host.ask(`${PATH}?wait=300`, { headers });
    await response.body?.cancel();
    assertEquals(response.status, 200);
  }
});

Deno.test("a hundred waiters get the new snapshot when there is one, and leave no listener", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  const waits = Array.from({ length: 100 }, async () => {
    const response = await host.ask(`${PATH}?wait=300`, KNOWN);
    return `${response.status} ${response.headers.get("ETag")} ${await response.text()}`;
  });
  await eventually("all wait", () => host.api.waiters() === 100);
  host.api.activate("c1");
  assertEquals(host.api.waiters(), 100);
  host.api.activate("c2", new TextEncoder().encode("new"));
  assertEquals(new Set(await Promise.all(waits)), new Set(['200 "c2" new']));
  assertEquals(host.api.waiters(), 0);
});

Deno.test("a wait during which nothing changes ends with 304", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  const response = await host.ask(`${PATH}?wait=1`, KNOWN);
  assertEquals([response.status, response.headers.get("ETag"), host.api.waiters()], [304, '"c1"', 0]);
});

Deno.test("a wait before there is any snapshot is answered with the first", async () => {
  await using host = await openAdminHost();
  const wait = host.ask(`${PATH}?wait=300`);
  await eventually("it waits", () => host.api.waiters() === 1);
  host.api.activate("c1", new TextEncoder().encode("first"));
  assertEquals(await (await wait).text(), "first");
});

Deno.test("a wait ends when its client goes away", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  const gone = new AbortController();
  const wait = host.ask(`${PATH}?wait=300`, { ...KNOWN, signal: gone.signal }).catch(() => "gone");
  await eventually("it waits", () => host.api.waiters() === 1);
  gone.abort();
  assertEquals(await wait, "gone");
  await eventually("nobody waits", () => host.api.waiters() === 0);
});

Deno.test("waiters above the limit are asked to come back", async () => {
  await using host = await openAdminHost({ limits: { maxWaiters: 1 } });
  host.api.activate("c1");
  const first = host.ask(`${PATH}?wait=300`, KNOWN);
  await eventually("one waits", () => host.api.waiters() === 1);
  const second = await host.ask(`${PATH}?wait=300`, KNOWN);
  assertEquals([second.status, second.headers.get("Retry-After")], [503, "5"]);
  await second.body?.cancel();
  host.api.activate("c2");
  await (await first).body?.cancel();
});

Deno.test("closing the interface ends the waits at once", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  const wait = host.ask(`${PATH}?wait=300`, KNOWN);
  await eventually("it waits", () => host.api.waiters() === 1);
  await host.server[Symbol.asyncDispose]();
  assertEquals((await problemOf(await wait)).code, "admin/stopping");
});

Deno.test("a wait is a whole number of seconds up to 300, given once", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  for (const query of ["wait=", "wait=0", "wait=301", "wait=-1", "wait=1.5", "wait=1e2", "wait=x", "wait=1&wait=1"]) {
    const response = await host.ask(`${PATH}?${query}`);
    assertEquals([query, response.status, (await problemOf(response)).code], [query, 400, "admin/malformed"]);
  }
});

Deno.test("a snapshot goes out in pieces of 64 KiB, the last of which ends it, even if nothing is left", async () => {
  const api = fakeDaemonApi();
  const { answer } = snapshotRoute(api, maskedAnswers(api.mask), ADMIN_LIMITS, new AbortController().signal);
  const pieces = async (length: number) => {
    api.activate("c1", new Uint8Array(length));
    const response = await answer(new Request("http://x/admin/snapshot"), { authorize: null, cut: () => {} });
    return (await Array.fromAsync(response.body!)).map((piece) => piece.length);
  };
  const full = 64 * 1024;
  assertEquals(await pieces(0), []);
  assertEquals(await pieces(1), [1]);
  assertEquals(await pieces(full), [full]);
  assertEquals(await pieces(full + 1), [full, 1]);
});

Deno.test("a wait is over when its seconds are, and not before, and one of nobody ends at once", async () => {
  await withFakeTimeouts(async (timers) => {
    const api = fakeDaemonApi();
    api.activate("c1");
    const closing = countedSignal();
    const { answer } = snapshotRoute(api, maskedAnswers(api.mask), ADMIN_LIMITS, closing.signal);
    const ask = (wait: number | string, init: RequestInit = KNOWN) =>
      answer(new Request(`http://x${PATH}?wait=${wait}`, init), { authorize: null, cut: () => {} });
    for (const seconds of [1, 300]) {
      let status: number | null = null;
      const waiting = Promise.resolve(ask(seconds)).then((response) => status = response.status);
      timers.tick(seconds * 1_000 - 1);
      await turn();
      assertEquals([status, api.waiters()], [null, 1]);
      timers.tick(1);
      assertEquals([await waiting, api.waiters(), timers.countTimers()], [304, 0, 0]);
    }
    for (const wrong of ["0", "301", "1000", "1.5", "-1", "", "x", "1&wait=1"]) {
      assertEquals([wrong, (await ask(wrong)).status], [wrong, 400]);
    }
    const gone = AbortSignal.abort();
    assertEquals((await ask(1, { ...KNOWN, signal: gone })).status, 304);
    assertEquals([api.waiters(), timers.countTimers()], [0, 0]);
  });
});

Deno.test("as many wait as the limit allows, one after the other any number, and all are answered when the daemon is about to end", async () => {
  await withFakeTimeouts(async (timers) => {
    const api = fakeDaemonApi();
    api.activate("c1");
    const closing = countedSignal();
    const limits = { ...ADMIN_LIMITS, maxWaiters: 1 };
    const { answer } = snapshotRoute(api, maskedAnswers(api.mask), limits, closing.signal);
    const ask = async () =>
      await answer(new Request(`http://x${PATH}?wait=1`, KNOWN), { authorize: null, cut: () => {} });
    for (let time = 0; time < 3; time++) {
      const waiting = ask();
      const second = await ask();
      assertEquals([second.status, second.headers.get("Retry-After")], [503, "5"]);
      assertEquals((await second.json()).code, "admin/too-many");
      timers.tick(1_000);
      assertEquals((await waiting).status, 304);
    }
    const last = ask();
    await turn();
    closing.abort();
    const stopping = await last;
    assertEquals([stopping.status, (await stopping.json()).code], [503, "admin/stopping"]);
  });
});

Deno.test("a snapshot that is not read in ten seconds is none", async () => {
  await withFakeTimeouts(async (timers) => {
    const api = { ...fakeDaemonApi(), contentHash: () => "c1", snapshot: () => new Promise<null>(() => {}) };
    const { answer } = snapshotRoute(api, maskedAnswers(api.mask), ADMIN_LIMITS, countedSignal().signal);
    let status: number | null = null;
    const asking = Promise.resolve(answer(new Request(`http://x${PATH}`), { authorize: null, cut: () => {} }))
      .then((response) => status = response.status);
    timers.tick(9_999);
    await turn();
    assertEquals(status, null);
    timers.tick(1);
    assertEquals(await asking, 503);
  });
});
