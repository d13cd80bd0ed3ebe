// The outcome of a request, and which refusal is remembered for how long.
import { assertEquals, assertMatch } from "@std/assert";
import { openAttempts } from "../../../src/cluster/redis/attempts.ts";
import type { Link } from "../../../src/cluster/notifier.ts";
import type { Session } from "../../../src/cluster/redis/redis_session.ts";

const OOM = Object.assign(new Error("OOM command not allowed when used memory > 'maxmemory'."), { name: "ReplyError" });

function trying() {
  const state = { session: {} as Session | null, link: { state: "up" } as Link };
  return { state, ...openAttempts(() => state.session, () => state.link) };
}

const refuse = () => Promise.reject(OOM);

Deno.test("without a session the link has the reason, and nothing is asked", async () => {
  const { state, attempt } = trying();
  state.session = null;
  const ask = () => attempt("reads", () => Promise.reject(new Error("asked")));
  for (const link of [{ state: "connecting" }, { state: "up" }] as const) {
    state.link = link;
    assertEquals(await ask(), { ok: false, reason: "Redis is not connected yet" });
  }
  state.link = { state: "down", reason: "gone", final: false };
  assertEquals(await ask(), { ok: false, reason: "gone" });
});

Deno.test("a request that fails has its own reason, unless the link is down permanently", async () => {
  const { state, attempt } = trying();
  const { reason } = await attempt("reads", refuse) as { reason: string };
  for (const link of [{ state: "connecting" }, { state: "down", reason: "gone", final: false }] as const) {
    state.link = link;
    assertEquals(await attempt("reads", refuse), { ok: false, reason });
  }
  state.link = { state: "down", reason: "closed", final: true };
  assertEquals(await attempt("reads", refuse), { ok: false, reason: "closed" });
});

Deno.test("a refusal is remembered until a request of its kind proves the contrary, or the link is lost", async () => {
  const { attempt, refused, forget } = trying();
  assertEquals(refused(), null);
  const { reason } = await attempt("writes", refuse) as { reason: string };
  assertEquals(refused(), reason);
  await attempt("reads", () => Promise.resolve(1));
  await attempt("writes", () => Promise.resolve(1), (value) => value > 1);
  assertEquals(refused(), reason);
  assertEquals(await attempt("writes", () => Promise.resolve(2), (value) => value > 1), { ok: true, value: 2 });
  assertEquals(refused(), null);
  const unreadable = Object.assign(new Error("BUSY Redis is busy running a script."), { name: "ReplyError" });
  await attempt("reads", () => Promise.reject(unreadable));
  await attempt("writes", refuse);
  assertEquals(refused(), reason);
  await attempt("writes", () => Promise.resolve(1));
  assertMatch(refused() ?? "", /is busy/);
  await attempt("reads", () => Promise.resolve(1));
  assertEquals(refused(), null);
  await attempt("reads", refuse);
  forget();
  assertEquals(refused(), null);
  await attempt("writes", refuse);
  await attempt("writes", () => Promise.reject(new Error("Connection is closed.")));
  assertEquals(refused(), reason);
  forget();
  assertEquals(refused(), null);
  await attempt("writes", () => Promise.reject(new Error("Connection is closed.")));
  assertEquals(refused(), null);
});
