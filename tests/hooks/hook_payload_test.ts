import { assert, assertEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { type HookPayload, payloadEnvironment, payloadJson } from "../../src/hooks/hook_payload.ts";
import { ACTIVATED } from "./sample_hook.ts";

const REJECTED: HookPayload = {
  ...ACTIVATED,
  event: "rejected",
  hash: null,
  generation: null,
  changed: null,
  reason: "Line 3:\n\x1b[31m no such layer",
};

Deno.test("an unknown value has no variable, and is null in JSON", () => {
  assertEquals(payloadEnvironment("reload", REJECTED), {
    HONUA_CONFIGD_EVENT: "rejected",
    HONUA_CONFIGD_HOOK: "reload",
    HONUA_CONFIGD_INSTANCE: "edge-1",
    HONUA_CONFIGD_SOURCE: "/etc/honua/config.hcl",
    HONUA_CONFIGD_SNAPSHOT: "/var/lib/honua-configd/config.snapshot.json",
    HONUA_CONFIGD_SERVER_PATH: "/var/lib/honua-configd/config.snapshot.honua",
    HONUA_CONFIGD_PREVIOUS_HASH: "cd".repeat(32),
    HONUA_CONFIGD_REASON: "Line 3:\u240a\u241b[31m no such layer",
  });
  assertEquals(JSON.parse(payloadJson("reload", REJECTED)), {
    ...REJECTED,
    hook: "reload",
    reason: "Line 3:\u240a\u241b[31m no such layer",
  });
});

Deno.test("the candidates and the agreed hash are in the payload if there are any", () => {
  const candidate = "/var/lib/honua-configd/.config.snapshot.json.1.tmp";
  const serverCandidate = "/var/lib/honua-configd/.config.snapshot.honua.1.tmp";
  const environment = payloadEnvironment("x", {
    ...ACTIVATED,
    event: "check",
    candidate,
    serverCandidate,
    agreedHash: "ef".repeat(32),
  });
  assertEquals(environment.HONUA_CONFIGD_CANDIDATE, candidate);
  assertEquals(environment.HONUA_CONFIGD_SERVER_CANDIDATE, serverCandidate);
  assertEquals(environment.HONUA_CONFIGD_AGREED_HASH, "ef".repeat(32));
});

Deno.test("a variable is empty if it is known that nothing changed", () => {
  assertEquals(payloadEnvironment("x", { ...ACTIVATED, changed: [] }).HONUA_CONFIGD_CHANGED, "");
});

Deno.test("a path is given whole or not at all", () => {
  const path = `/${"x".repeat(4094)}`;
  assertEquals(payloadEnvironment("x", { ...ACTIVATED, source: path }).HONUA_CONFIGD_SOURCE, path);
  for (const source of [`${path}x`, "/a\0b", "/\ud800"]) {
    assertEquals(payloadEnvironment("x", { ...ACTIVATED, source }).HONUA_CONFIGD_SOURCE, undefined);
    assertEquals(JSON.parse(payloadJson("x", { ...ACTIVATED, source })).source, null);
  }
});

Deno.test("the environment is bounded and fit for execve, for any texts", () => {
  const text = fc.string({ unit: anyCharacter, maxLength: 5_000 });
  fc.assert(
    fc.property(text, text, fc.array(text, { maxLength: 5 }), (one, other, changed) => {
      const payload = { ...ACTIVATED, instance: one, source: other, reason: one, hash: other, changed };
      const environment = payloadEnvironment(one, payload);
      const all = Object.entries(environment).map((entry) => entry.join("=")).join("\n");
      assert(!all.includes("\0"));
      assert(all.isWellFormed());
      assert(new TextEncoder().encode(all).length < 100_000);
    }),
    { numRuns: 50 },
  );
});

Deno.test("a name is given up to 256 characters, a reason up to 2000, and up to a hundred parts", () => {
  const reported = (length: number, reasonLength: number, parts: number) =>
    payloadEnvironment("h".repeat(length), {
      ...ACTIVATED,
      instance: "i".repeat(length),
      hash: "a".repeat(length),
      previousHash: "b".repeat(length),
      agreedHash: "c".repeat(length),
      reason: "r".repeat(reasonLength),
      changed: Array(parts).fill("p".repeat(length)),
    });
  const most = reported(256, 2_000, 100);
  assertEquals(most.HONUA_CONFIGD_REASON, "r".repeat(2_000));
  assertEquals(most.HONUA_CONFIGD_CHANGED, Array(100).fill("p".repeat(256)).join(","));
  const names = { HOOK: "h", INSTANCE: "i", HASH: "a", PREVIOUS_HASH: "b", AGREED_HASH: "c" };
  const beyond = reported(257, 2_001, 101);
  for (const [name, letter] of Object.entries(names)) {
    assertEquals(most[`HONUA_CONFIGD_${name}`], letter.repeat(256));
    assertEquals(beyond[`HONUA_CONFIGD_${name}`], `${letter.repeat(256)}…`);
  }
  assertEquals(beyond.HONUA_CONFIGD_REASON, `${"r".repeat(2_000)}…`);
  assertEquals(beyond.HONUA_CONFIGD_CHANGED, Array(100).fill(`${"p".repeat(256)}…`).join(","));
});
