import { assertEquals } from "@std/assert";
import { maskedAnswers } from "../../src/admin/problem.ts";
import { ADMIN_LIMITS } from "../../src/admin/limits.ts";
import { openComparing } from "../../src/admin/comparing.ts";
import { diffRoutes } from "../../src/admin/diff_route.ts";
import { readReference } from "../../src/releases/source_reference.ts";
import type { DiffAnswer } from "../../src/admin/daemon_api.ts";
import type { BlockDiff } from "../../src/config/config_diff.ts";
import { eventually } from "../support/eventually.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { type AdminHost, openAdminHost, problemOf } from "./admin_host.ts";
import { fakeDaemonApi, SECRET } from "./fake_daemon_api.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;

function added(name: string): BlockDiff {
  const settings = [{ path: ["title"], change: "added", to: `Title ${SECRET}`, secretChanged: false }] as const;
  return { change: "added", type: "layer", name, at: ["layers", name], settings };
}

function answerOf(blocks: readonly BlockDiff[]): DiffAnswer & { kind: "diff" } {
  return { kind: "diff", diff: { from: { label: "release 1", hash: A }, to: { label: "x.hcl", hash: B }, blocks } };
}

const post = (host: AdminHost, body: unknown) =>
  host.ask("/admin/diff", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

Deno.test("a reference is a word, a number or the digits of a hash", () => {
  const read = (text: string) => JSON.stringify(readReference(text));
  assertEquals(["running", "file"].map(read), ['{"kind":"running"}', '{"kind":"file"}']);
  assertEquals(["1", "9999999"].map(read), ['{"kind":"number","number":1}', '{"kind":"number","number":9999999}']);
  assertEquals(["12345678", "ABCDEF01"].map(read), [
    '{"kind":"hash","prefix":"12345678"}',
    '{"kind":"hash","prefix":"abcdef01"}',
  ]);
  assertEquals(readReference(A), { kind: "hash", prefix: A });
  for (const text of ["", "0", "01", "-1", "1.5", "abcdef0", "x", "Running", `${A}0`, "1 "]) {
    assertEquals(read(text), "null");
  }
});

Deno.test("a diff is answered with its blocks, a patch of them and every text masked, by default of running and file", async () => {
  await using host = await openAdminHost();
  host.api.answerDiff = () =>
    Promise.resolve(answerOf([added("a"), { ...added("b"), change: "removed", settings: [] }]));
  const response = await host.ask("/admin/diff");
  const body = await response.text();
  assertEquals([response.status, response.headers.get("Content-Type")], [200, "application/json"]);
  assertEquals(
    body,
    `{"from":{"label":"release 1","hash":"${A}"},"to":{"label":"x.hcl","hash":"${B}"},"same":false,` +
      '"counts":{"added":1,"removed":1,"changed":0},"blocks":[{"change":"added","type":"layer","name":"a",' +
      '"at":["layers","a"],"settings":[{"path":["title"],"change":"added","to":"Title ***","secretChanged":false}]},' +
      '{"change":"removed","type":"layer","name":"b","at":["layers","b"],"settings":[]}],' +
      '"patch":[{"op":"add","path":"/layers/a","value":{"title":"Title ***"}},{"op":"remove","path":"/layers/b"}]}\n',
  );
  await (await host.ask(`/admin/diff?from=12&to=${A}`)).body?.cancel();
  assertEquals(host.api.diffs, [
    [{ kind: "running" }, { kind: "file" }],
    [{ kind: "number", number: 12 }, { kind: "hash", prefix: A }],
  ]);
});

Deno.test("a large diff comes whole, in pieces", async () => {
  await using host = await openAdminHost();
  const blocks = Array.from({ length: 5_000 }, (_, at) => added(`layer ${at}`));
  host.api.answerDiff = () => Promise.resolve(answerOf(blocks));
  const { counts, blocks: answered, patch } = await (await host.ask("/admin/diff")).json();
  assertEquals([counts.added, answered.length, patch.length, patch.at(-1).path], [
    5_000,
    5_000,
    5_000,
    "/layers/layer 4999",
  ]);
  host.api.answerDiff = () => Promise.resolve(answerOf([]));
  assertEquals((await (await host.ask("/admin/diff")).json()).blocks, []);
});

Deno.test("a diff is refused if the daemon has no such source, or it is not valid, or cannot be read", async () => {
  await using host = await openAdminHost();
  const about = async (answer: DiffAnswer) => {
    host.api.answerDiff = () => Promise.resolve(answer);
    const { status, code, detail, source, diagnostics } = await problemOf(await host.ask("/admin/diff"));
    return [status, code, detail, source, diagnostics].filter((one) => one !== undefined);
  };
  assertEquals(await about({ kind: "unknown", reason: "no 12" }), [404, "admin/no-release", "no 12"]);
  assertEquals(await about({ kind: "failed", reason: `no ${SECRET}` }), [503, "admin/source-unreadable", "no ***"]);
  assertEquals(await about({ kind: "rejected", label: "x.hcl", reason: "bad", diagnostics: [] }), [
    422,
    "admin/rejected",
    "bad",
    "x.hcl",
    [],
  ]);
  assertEquals((await about({ kind: "stopping" })).slice(0, 2), [503, "admin/stopping"]);
});

Deno.test("a diff with a malformed reference or body is not begun", async () => {
  await using host = await openAdminHost();
  for (const query of ["from=", "to=x", "from=0", "from=running&from=file", "to=abc"]) {
    const { status, code } = await problemOf(await host.ask(`/admin/diff?${query}`));
    assertEquals([query, status, code], [query, 400, "admin/malformed"]);
  }
  const text = { name: "a.hcl", text: "" };
  const wrong = [[], { x: 1 }, { from: 1 }, { to: "nonsense" }, { from: { name: "a" } }, { from: { ...text, x: 1 } }];
  const named = [{ from: { ...text, name: "" } }, { to: { ...text, text: 1 } }, {
    to: { ...text, name: "x".repeat(4_097) },
  }];
  for (const body of [...wrong, ...named]) {
    const { status, code } = await problemOf(await post(host, body));
    assertEquals([JSON.stringify(body).slice(0, 40), status, code].slice(1), [422, "admin/invalid-request"]);
  }
  assertEquals(host.api.diffs, []);
});

Deno.test("a client can send texts, also larger ones than other requests may have", async () => {
  await using host = await openAdminHost();
  host.api.answerDiff = () => Promise.resolve(answerOf([]));
  const text = "x".repeat(1024 * 1024);
  await (await post(host, { to: { name: "new.json", text } })).body?.cancel();
  assertEquals(host.api.diffs, [[{ kind: "running" }, { kind: "text", name: "new.json", text }]]);
});

Deno.test("a plan is answered with its diff, or without one and the reason", async () => {
  await using host = await openAdminHost();
  const hooks = [{ name: "server", on: "activated", does: "restart", unit: "honua.service" }] as const;
  const known = {
    kind: "plan",
    to: { label: "x.hcl", hash: B },
    activates: true,
    held: null,
    warnings: [],
    hooks,
  } as const;
  host.api.answerPlan = () => Promise.resolve({ ...known, diff: null, noDiff: "No history" });
  const { kind: _, ...members } = known;
  assertEquals(await (await host.ask("/admin/plan")).json(), { ...members, noDiff: "No history" });
  host.api.answerPlan = () => Promise.resolve({ ...known, diff: answerOf([added("a")]).diff, noDiff: null });
  const answer = await (await host.ask("/admin/plan")).json();
  assertEquals([answer.from.label, answer.counts.added, answer.patch.length, answer.hooks], ["release 1", 1, 1, hooks]);
  host.api.answerPlan = () => Promise.resolve({ kind: "failed", reason: "gone" });
  assertEquals((await problemOf(await host.ask("/admin/plan"))).code, "admin/source-unreadable");
});

Deno.test("one diff or plan is made at a time", async () => {
  await using host = await openAdminHost();
  const held = Promise.withResolvers<DiffAnswer>();
  host.api.answerDiff = () => held.promise;
  const first = host.ask("/admin/diff");
  await eventually("it is made", () => host.api.diffs.length === 1);
  for (const second of [host.ask("/admin/diff"), host.ask("/admin/plan"), post(host, {})]) {
    const response = await second;
    assertEquals([response.headers.get("Retry-After"), (await problemOf(response)).code], ["1", "admin/too-many"]);
  }
  held.resolve(answerOf([]));
  assertEquals((await (await first).json()).counts.added, 0);
  assertEquals((await problemOf(await host.ask("/admin/plan"))).code, "admin/source-unreadable");
});

Deno.test("a diff that takes more than a minute is given up, and until it has ended there is no other", async () => {
  await withFakeTimeouts(async (timers) => {
    const api = fakeDaemonApi();
    const ended = Promise.withResolvers<DiffAnswer>();
    let isAborted = false;
    api.answerDiff = (signal) => {
      signal.addEventListener("abort", () => isAborted = true);
      return ended.promise;
    };
    const [get] = diffRoutes(api, maskedAnswers(api.mask), ADMIN_LIMITS, openComparing(ADMIN_LIMITS));
    const ask = async () => await get!.answer(new Request("http://x/admin/diff"), { authorize: null, cut: () => {} });
    const asking = ask();
    await turn();
    timers.tick(ADMIN_LIMITS.reloadMilliseconds);
    assertEquals([(await asking).status, isAborted, (await ask()).status], [504, true, 503]);
    ended.resolve(answerOf([]));
    await turn();
    assertEquals((await ask()).status, 200);
  });
});
