import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AdminHost, openAdminHost, problemOf } from "./admin_host.ts";
import { ROLLOUT } from "./fake_daemon_api.ts";

async function post(host: AdminHost, path: string, body?: unknown): Promise<Response> {
  return await host.ask(`/admin/rollout/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    ...body === undefined ? {} : { body: JSON.stringify(body) },
  });
}

const MASKED = { ...ROLLOUT, by: "edge-1 ***" };

Deno.test("the rollout is answered masked, null if there is none, and over TCP only with the token", async () => {
  await using host = await openAdminHost();
  assertEquals(await (await host.ask("/admin/rollout")).json(), { rollout: MASKED });
  host.api.answerRollout = () => Promise.resolve({ ok: true, rollout: null });
  assertEquals(await (await host.ask("/admin/rollout")).json(), { rollout: null });
  const refused = await host.askTcp("/admin/rollout");
  assertEquals([refused.status, (await problemOf(refused)).code], [401, "admin/unauthorized"]);
});

Deno.test("a rollout that is not known, or not in time, is no answer that there is none", async () => {
  await using host = await openAdminHost({ limits: { answerMilliseconds: 20 } });
  host.api.answerRollout = () => Promise.resolve({ ok: false, reason: "Redis cannot be reached" });
  const unknown = await host.ask("/admin/rollout");
  const { code, detail } = await problemOf(unknown);
  assertEquals([unknown.status, code, detail], [503, "admin/rollout-unknown", "Redis cannot be reached"]);
  host.api.answerRollout = () => new Promise(() => {});
  assertEquals((await problemOf(await host.ask("/admin/rollout"))).code, "admin/overdue");
});

Deno.test("a rollout is promoted, paused and ended with reason and author, and answered as it is then", async () => {
  await using host = await openAdminHost();
  const orders = [
    ["promote", { Full: true, reason: "fine", author: "anna" }, "promoted"],
    ["promote", { reason: "fine" }, "promoted"],
    ["pause", { reason: "wait", author: "bob" }, "paused"],
    ["abort", { reason: "empty tiles" }, "aborted"],
  ] as const;
  for (const [path, body, status] of orders) {
    const response = await post(host, path, body);
    assertEquals(await response.json(), { status, timestamp: "2026-01-02T03:04:05.678Z", rollout: MASKED });
  }
  assertEquals(host.api.orders, [
    { promote: { full: true, reason: "fine", author: "anna" } },
    { promote: { full: false, reason: "fine", author: null } },
    { pause: { reason: "wait", author: "bob" } },
    { abort: { reason: "empty tiles", author: null } },
  ]);
});

Deno.test("an order about the rollout that is refused, fails or finds the daemon about to end says so", async () => {
  await using host = await openAdminHost({ limits: { answerMilliseconds: 20 } });
  const ask = async () => {
    const response = await post(host, "pause", { reason: "x" });
    const { code, detail } = await problemOf(response);
    return [response.status, code, detail];
  };
  host.api.answerRolloutOrder = () => Promise.resolve({ kind: "refused", reason: "No rollout is under way" });
  assertEquals(await ask(), [409, "admin/refused", "No rollout is under way"]);
  host.api.answerRolloutOrder = () => Promise.resolve({ kind: "failed", reason: "Redis did not answer" });
  assertEquals(await ask(), [503, "admin/rollout-failed", "Redis did not answer"]);
  host.api.answerRolloutOrder = () => Promise.resolve({ kind: "stopping" });
  assertEquals((await ask())[1], "admin/stopping");
  host.api.answerRolloutOrder = () => new Promise(() => {});
  assertEquals((await ask())[1], "admin/overdue");
});

Deno.test("an order about the rollout that is asked for wrongly is refused and not carried out", async () => {
  await using host = await openAdminHost();
  const cases: [string, unknown, string][] = [
    ["promote", undefined, "reason must be given"],
    ["pause", {}, "reason must be given"],
    ["abort", { author: "anna" }, "reason must be given"],
    ["promote", { reason: "x", full: "yes" }, "full must be true or false"],
    ["pause", { reason: "x", full: true }, '"full" is no member of this request'],
    ["abort", { reason: "a\nb" }, "reason must be one line"],
  ];
  for (const [path, body, says] of cases) {
    const response = await post(host, path, body);
    const { code, detail } = await problemOf(response);
    assertEquals([says, response.status, code], [says, 422, "admin/invalid-request"]);
    assertStringIncludes(String(detail), says);
  }
  assertEquals(host.api.orders, []);
});
