import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AdminHost, openAdminHost, problemOf } from "./admin_host.ts";
import { releaseAnswer, SECRET } from "./fake_daemon_api.ts";
import { eventually } from "../support/eventually.ts";

async function post(host: AdminHost, path: string, body?: unknown): Promise<Response> {
  return await host.ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    ...body === undefined ? {} : { body: JSON.stringify(body) },
  });
}

Deno.test("the history is answered with the newest release first, masked, and no more than asked for", async () => {
  await using host = await openAdminHost();
  const { releases } = await (await host.ask("/admin/releases")).json();
  assertEquals(releases, [
    releaseAnswer(42, "b2", { isRunning: true }),
    releaseAnswer(41, "a1", { reason: "***" }),
  ]);
  assertEquals((await (await host.ask("/admin/releases?limit=1")).json()).releases.length, 1);
  for (const query of ["limit=0", "limit=1003", "limit=x", "limit=1&limit=1", "limit="]) {
    const response = await host.ask(`/admin/releases?${query}`);
    assertEquals([query, response.status, (await problemOf(response)).code], [query, 400, "admin/malformed"]);
  }
});

Deno.test("a release is answered by its reference, and an unknown one is no release", async () => {
  await using host = await openAdminHost();
  assertEquals((await (await host.ask("/admin/releases/42")).json()).hash, "b2");
  for (const [path, detail] of [["7", "no single release 7"], ["%20", "no single release of that name"]]) {
    for (const end of ["", "/source"]) {
      const response = await host.ask(`/admin/releases/${path}${end}`);
      const problem = await problemOf(response);
      assertEquals([path, response.status, problem.code], [path, 404, "admin/no-release"]);
      if (end === "") assertStringIncludes(String(problem.detail), detail!);
    }
  }
});

Deno.test("a source is answered byte for byte as it was written, and over TCP only with the token", async () => {
  await using host = await openAdminHost();
  const response = await host.ask("/admin/releases/41/source");
  assertEquals(await response.text(), `password = "${SECRET}"\r\n`);
  assertEquals(response.headers.get("Cache-Control"), "no-store, no-transform");
  const refused = await host.askTcp("/admin/releases/41/source");
  assertEquals([refused.status, (await refused.text()).includes(SECRET)], [401, false]);
  host.api.answerSource = () => Promise.resolve({ ok: false, isUnknown: false, reason: "the disk is gone" });
  const unreadable = await host.ask("/admin/releases/41/source");
  assertEquals([unreadable.status, (await problemOf(unreadable)).code], [503, "admin/source-unreadable"]);
});

Deno.test("sources that clients do not read to the end are bounded, and free their place", async () => {
  await using host = await openAdminHost({ limits: { maxSources: 1 } });
  const release = releaseAnswer(41, "a1");
  const bytes = new Uint8Array(8 * 1024 * 1024).fill(65);
  host.api.answerSource = () => Promise.resolve({ ok: true, release, format: "hcl", bytes });
  const first = await host.ask("/admin/releases/41/source");
  const second = await host.ask("/admin/releases/41/source");
  assertEquals([second.status, (await problemOf(second)).code], [503, "admin/too-many"]);
  await first.body?.cancel();
  await eventually("the place is free again", async () => {
    const response = await host.ask("/admin/releases/41/source");
    return (await response.bytes()).length === bytes.length;
  });
});

Deno.test("a rollback is asked for with all members, and answered when it is done", async () => {
  await using host = await openAdminHost();
  const done = { from: 42, to: 41, release: 43, hash: "a1", instancesNotified: 2, notNotified: null };
  host.api.answerRollback = () => Promise.resolve({ kind: "done", ...done });
  const members = { Number: 41, reason: "tiles", author: "anna", local: true, force: true };
  const response = await post(host, "/admin/rollback", members);
  assertEquals([response.status, await response.json()], [
    200,
    { status: "rolled-back", timestamp: "2026-01-02T03:04:05.678Z", ...done },
  ]);
  await (await post(host, "/admin/rollback", { reason: "tiles" })).body?.cancel();
  assertEquals(host.api.orders, [
    { number: 41, reason: "tiles", author: "anna", local: true, force: true },
    { number: null, reason: "tiles", author: null, local: false, force: false },
  ]);
});

Deno.test("a rollback that is refused, fails or finds the daemon about to end says so", async () => {
  await using host = await openAdminHost();
  const ask = async () => {
    const response = await post(host, "/admin/rollback", { reason: "tiles" });
    const { code, detail } = await problemOf(response);
    return [response.status, code, detail];
  };
  assertEquals(await ask(), [409, "admin/refused", "there is nothing to take back ***"]);
  host.api.answerRollback = () => Promise.resolve({ kind: "failed", reason: "The disk is full" });
  assertEquals(await ask(), [503, "admin/rollback-failed", "The disk is full"]);
  host.api.answerRollback = () => Promise.resolve({ kind: "stopping" });
  assertEquals((await ask())[1], "admin/stopping");
});

Deno.test("rollbacks that last are answered as overdue, and still count as running", async () => {
  await using host = await openAdminHost({ limits: { reloadMilliseconds: 20, maxReloads: 1 } });
  const { answerRollback } = host.api;
  const { promise, resolve } = Promise.withResolvers<void>();
  host.api.answerRollback = () => promise.then(answerRollback);
  const codeOf = async () => (await problemOf(await post(host, "/admin/rollback", { reason: "tiles" }))).code;
  assertEquals([await codeOf(), await codeOf()], ["admin/overdue", "admin/too-many"]);
  resolve();
  await eventually("rollbacks are taken again", async () => await codeOf() === "admin/refused");
});

Deno.test("a hold, its end and a confirmation are orders that are answered at once", async () => {
  await using host = await openAdminHost();
  const orders = [
    ["hold", { until: "2026-01-02T12:00:00+01:00", reason: "fair", author: "anna" }, "held"],
    ["release-hold", { author: "bob" }, "released"],
    ["release-hold", undefined, "released"],
    ["confirm", {}, "confirmed"],
  ] as const;
  for (const [path, body, status] of orders) {
    const response = await post(host, `/admin/${path}`, body);
    assertEquals(await response.json(), { status, timestamp: "2026-01-02T03:04:05.678Z" });
  }
  assertEquals(host.api.orders, [
    { until: Date.UTC(2026, 0, 2, 11), reason: "fair", author: "anna" },
    { releaseHold: "bob" },
    { releaseHold: null },
    { confirm: null },
  ]);
  host.api.refuseOrders = "There is no hold";
  const refused = await post(host, "/admin/release-hold");
  const { code, detail } = await problemOf(refused);
  assertEquals([refused.status, code, detail], [409, "admin/refused", "There is no hold"]);
});

Deno.test("an order that is asked for wrongly is refused and not carried out", async () => {
  await using host = await openAdminHost();
  const cases: [string, unknown, string][] = [
    ["rollback", {}, "reason must be given"],
    ["rollback", { reason: "x", force: true }, "force needs the number of the release"],
    ["rollback", { reason: "a\nb" }, "reason must be one line"],
    ["rollback", { reason: "x", number: 0 }, "number must be a whole number"],
    ["rollback", { reason: "x", numbr: 3 }, "did you mean number?"],
    ["rollback", { reason: "x", author: "a".repeat(65) }, "author must be one line of 1 to 64"],
    ["hold", { until: "2026-01-02T12:00:00Z" }, "reason must be given"],
    ["hold", { reason: "x" }, "until must be a time with a zone"],
    ["hold", { reason: "x", until: "2026-01-02T12:00:00" }, "until must be a time with a zone"],
    ["hold", { reason: "x", until: "2026-13-02T12:00:00Z" }, "until must be a time with a zone"],
    ["confirm", { reason: "x" }, '"reason" is no member'],
  ];
  for (const [path, body, detail] of cases) {
    const response = await post(host, `/admin/${path}`, body);
    const problem = await problemOf(response);
    assertEquals([detail, response.status, problem.code], [detail, 422, "admin/invalid-request"]);
    assertStringIncludes(String(problem.detail), detail);
  }
  assertEquals(host.api.orders, []);
});
