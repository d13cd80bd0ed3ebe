import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Status } from "../../../src/admin/daemon_api.ts";
import type { AdminSettings } from "../../../src/admin/server.ts";
import { type AdminHost, openAdminHost } from "../admin_host.ts";
import { releaseAnswer, ROLLOUT, SECRET } from "../fake_daemon_api.ts";
import { cookieOf, fieldOf, originOf, seen, sent, visit } from "./reader.ts";

const ACTIONS = ["reload", "rollback", "promote", "hold", "release-hold"] as const;
const HOLD = { until: "2026-01-02T12:00:00.000Z", author: "ben", reason: "tiles" };

type Acting = AdminHost & { cookie: string };

/** A host with actions, on which each of them is possible. */
async function openActing(settings: Partial<AdminSettings> = {}): Promise<Acting> {
  const host = await openAdminHost({ uiActions: true, ...settings });
  const status = await host.api.status();
  host.api.status = () => Promise.resolve({ ...status, hold: HOLD });
  host.api.answerRollout = () => Promise.resolve({ ok: true, rollout: { ...ROLLOUT, isUnderWay: true } });
  return Object.assign(host, { cookie: await cookieOf(host) });
}

/** All that the daemon was asked to do. */
function orders({ api }: AdminHost): readonly unknown[] {
  return [...api.requests, ...api.orders, ...api.published];
}

/** The hidden fields of a confirmation. */
async function fieldsOf(host: Acting, path: string): Promise<Record<string, string>> {
  const { text } = await visit(host, path, host.cookie);
  const names = ["csrf", "basis", "to", "scope"].filter((name) => text.includes(`type="hidden" name="${name}"`));
  return Object.fromEntries(names.map((name) => [name, fieldOf(text, name)]));
}

/** Confirms an action as the page offers it, with fields and headers changed as given. */
async function confirm(
  host: Acting,
  path: string,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string | null>> = {},
) {
  const given = { ...await fieldsOf(host, path), name: "Anna", reason: "tiles are empty", hours: "1", ...fields };
  const all = { Origin: originOf(host), Cookie: host.cookie, ...headers };
  return await seen(host.askTcp(path.split("?")[0]!, sent(given, all)));
}

Deno.test("without the option there is no action, by any way in, and no link to one", async () => {
  await using host = await openAdminHost();
  const cookie = await cookieOf(host);
  for (const view of ["/ui", "/ui/releases", "/ui/host"]) {
    const { text } = await visit(host, view, cookie);
    const csrf = fieldOf(text, "csrf");
    assertEquals(text.includes("/ui/actions/"), false);
    for (const action of ACTIONS) {
      const path = `/ui/actions/${action}`;
      const form = sent({ csrf, name: "a", reason: "b" }, { Origin: originOf(host), Cookie: cookie });
      const answers = [visit(host, path, cookie), seen(host.askTcp(path, form)), seen(host.ask(path))];
      for (const { status } of await Promise.all(answers)) assertEquals([path, status], [path, 404]);
    }
  }
  assertEquals(orders(host), []);
});

Deno.test("with the option each view links to its actions, and no GET does anything", async () => {
  await using host = await openActing();
  for (const view of ["/ui", "/ui/releases", "/ui/host"]) {
    assertStringIncludes((await visit(host, view, host.cookie)).text, 'href="/ui/actions/');
  }
  const offered = async (path: string) =>
    [...(await visit(host, path, host.cookie)).text.matchAll(/actions\/([\w-]+)">/g)].map(([, action]) => action);
  assertEquals(await offered("/ui"), ["rollback"]);
  assertEquals(await offered("/ui/host"), ["reload", "hold", "release-hold"]);
  const status = await host.api.status();
  host.api.status = () => Promise.resolve({ ...status, hold: null, rollout: ROLLOUT });
  assertEquals([await offered("/ui"), await offered("/ui/host")], [["rollback", "promote"], ["reload", "hold"]]);
  const { text } = await visit(host, "/ui/releases", host.cookie);
  assertEquals(text.match(/rollback\?to=\d+/g), ["rollback?to=41"], "the releases to roll back to");
  for (const action of ACTIONS) {
    const { csrf } = await fieldsOf(host, `/ui/actions/${action}`);
    const query = new URLSearchParams({ csrf: csrf!, to: "41", scope: "fleet", name: "Anna", reason: "x", hours: "1" });
    for (const method of ["GET", "HEAD"]) {
      const asked = host.askTcp(`/ui/actions/${action}?${query}`, { method, headers: { Cookie: host.cookie } });
      assertEquals([action, (await seen(asked)).status], [action, 200]);
    }
  }
  assertEquals(orders(host), []);
});

Deno.test("a confirmation states the consequence and has the name of the session", async () => {
  await using host = await openActing();
  for (const action of ACTIONS) {
    const { text } = await visit(host, `/ui/actions/${action}`, host.cookie);
    assertMatch(text, /<p id="consequence" class="consequence">[^<]{30,}<\/p>/);
    assertStringIncludes(text, 'name="name" value="Anna"');
    assertEquals([text.includes(SECRET), text.includes("<script>")], [false, true]);
    assertEquals([action, text.includes('name="reason"')], [action, action !== "release-hold"]);
  }
  const button = async (path: string) =>
    [...(await visit(host, path, host.cookie)).text.matchAll(/<button>([^<]*)<\/button>/g)].map(([, text]) => text);
  assertEquals(await button("/ui/actions/rollback?to=41"), ["Roll back to release 41"]);
  assertEquals(await button("/ui/actions/rollback?to=41&scope=host"), ["Roll only edge-1 back to release 41"]);
  assertEquals(await button("/ui/actions/rollback"), ["End the rollout"]);
  assertEquals(await button("/ui/actions/promote?to=full"), ["Let all hosts in"]);
});

Deno.test("the form for another choice shows the one that is made", async () => {
  await using host = await openActing();
  const shown = async (path: string) => {
    const { text } = await visit(host, `/ui/actions/${path}`, host.cookie);
    const options = [...text.matchAll(/<option value="([^"]*)"( selected)?>/g)].map(([, value, mark = ""]) =>
      value + mark
    );
    return [...options, ...[...text.matchAll(/value="([^"]*)" checked>/g)].map(([, value]) => value)];
  };
  assertEquals(await shown("rollback"), ["rollout selected", "41", "fleet"]);
  assertEquals(await shown("rollback?to=41&scope=host"), ["rollout", "41 selected", "host"]);
  assertEquals([await shown("promote"), await shown("promote?to=full")], [["next"], ["full"]]);
  assertEquals(await shown("hold"), ["1"]);
  host.api.answerRollout = () => Promise.resolve({ ok: true, rollout: null });
  assertEquals(await shown("rollback"), ["41 selected", "fleet"]);
  const status = await host.api.status();
  host.api.status = () => Promise.resolve({ ...status, mode: "alone" });
  assertEquals(await shown("rollback"), ["41 selected"]);
  host.api.releases = () => [releaseAnswer(1, "a1", { isRunning: true })];
  assertEquals(await shown("rollback"), []);
  const { text } = await visit(host, "/ui/actions/rollback", host.cookie);
  assertStringIncludes(text, "There is no other release to go back to.");
});

Deno.test("a rollback is chosen for a person only if the daemon proposes it, and otherwise the page says why it does not", async () => {
  await using host = await openActing();
  host.api.answerRollout = () => Promise.resolve({ ok: true, rollout: null });
  const status = await host.api.status();
  const shown = async (undo: Status["undo"]) => {
    host.api.status = () => Promise.resolve({ ...status, undo });
    const { text } = await visit(host, "/ui/actions/rollback", host.cookie);
    return [text.includes("<button>"), ...[...text.matchAll(/class="consequence">([^<]*)</g)].map(([, one]) => one)];
  };
  const [isOffered, sentence] = await shown({ to: 41, why: null });
  assertEquals(isOffered, true);
  assertStringIncludes(String(sentence), "will run release 41 (a1) again: release 42 will not run anywhere");
  const why = `The source of ${SECRET} did not come into force`;
  assertEquals(await shown({ to: null, why }), [
    false,
    "No release is chosen. The source of *** did not come into force.",
  ]);
  host.api.releases = () => [releaseAnswer(1, "a1", { isRunning: true })];
  assertEquals(await shown({ to: null, why }), [false, "There is no other release to go back to."]);
});

Deno.test("each action is done as its confirmation says, in the name of the person", async () => {
  await using host = await openActing();
  const by = { reason: "tiles are empty", author: "Ben" };
  const done = async (path: string, fields: Readonly<Record<string, string>> = {}) => {
    host.api.orders.length = 0;
    await confirm(host, path, { name: " Ben ", reason: " tiles are empty ", ...fields });
    return host.api.orders;
  };
  const rest = { confirmSeconds: null, notifyOtherInstances: false, force: false, now: false, emergency: false };
  assertEquals(await done("/ui/actions/reload"), []);
  await done("/ui/actions/reload", { reason: "" });
  assertEquals(host.api.requests, [{ ...by, ...rest }, { ...by, ...rest, reason: null }]);
  assertEquals(await done("/ui/actions/rollback?to=41"), [{ ...by, number: 41, local: false, force: false }]);
  assertEquals(await done("/ui/actions/rollback?to=41&scope=host"), [{ ...by, number: 41, local: true, force: false }]);
  assertEquals(await done("/ui/actions/rollback?scope=host"), [{ ...by, number: 41, local: true, force: false }]);
  assertEquals(await done("/ui/actions/rollback"), [{ abort: by }], "as the command line has it");
  assertEquals(await done("/ui/actions/promote"), [{ promote: { ...by, full: false } }]);
  assertEquals(await done("/ui/actions/promote?to=full"), [{ promote: { ...by, full: true } }]);
  const hour = 3_600_000;
  const now = Date.parse("2026-01-02T03:04:05.678Z");
  for (const [hours, length] of [["1", hour], ["4", 4 * hour], ["24", 24 * hour]] as const) {
    assertEquals(await done("/ui/actions/hold", { hours }), [{ ...by, until: now + length }]);
  }
  assertEquals(await done("/ui/actions/release-hold"), [{ releaseHold: "Ben" }]);
});

Deno.test("an action needs a session, the Origin of the page and the token of this session's form", async () => {
  await using host = await openActing();
  const other = { ...host, cookie: await cookieOf(host, "Ben") };
  for (const action of ACTIONS) {
    const path = `/ui/actions/${action}`;
    const status = async (fields: Record<string, string>, headers: Record<string, string | null> = {}) =>
      (await confirm(host, path, fields, headers)).status;
    const of = [action, "is refused"];
    for (const Origin of [null, "null", "http://evil.example"]) {
      assertEquals([...of, await status({}, { Origin })], [...of, 403]);
    }
    for (const csrf of ["", "x", (await fieldsOf(other, path))["csrf"]!]) {
      assertEquals([...of, await status({ csrf })], [...of, 403]);
    }
    for (const Cookie of [null, "honua_configd=x"]) assertEquals([...of, await status({}, { Cookie })], [...of, 401]);
    assertEquals([...of, await status({}, { "Content-Type": "application/json" })], [...of, 415]);
  }
  assertEquals(orders(host), []);
});

Deno.test("over the socket an action needs the page's own form too, under a name of the reader's own host", async () => {
  await using host = await openActing();
  const { text } = await seen(host.ask("/ui/actions/hold"));
  const fields = {
    csrf: fieldOf(text, "csrf"),
    basis: fieldOf(text, "basis"),
    hours: "1",
    name: "Anna",
    reason: "tiles",
  };
  assertStringIncludes(text, 'name="name" value=""');
  const status = async (given: Record<string, string>, headers: Record<string, string | null>) =>
    (await seen(host.ask("/ui/actions/hold", sent(given, headers)))).status;
  const own = { Origin: "http://localhost" };
  assertEquals(await status(fields, { Origin: "http://evil.example" }), 403);
  assertEquals(await status(fields, {}), 403);
  assertEquals(await status({ ...fields, csrf: (await fieldsOf(host, "/ui/actions/hold"))["csrf"]! }, own), 403);
  const body = new URLSearchParams(fields).toString();
  const head = ["POST /ui/actions/hold HTTP/1.1", "Host: evil.example", "Origin: http://evil.example"];
  head.push("Content-Type: application/x-www-form-urlencoded", `Content-Length: ${body.length}`, "Connection: close");
  assertStringIncludes(await host.say(`${head.join("\r\n")}\r\n\r\n${body}`), " 403 ");
  assertEquals(orders(host), []);
  assertEquals([await status(fields, own), orders(host).length], [200, 1]);
});

Deno.test("name and reason have the bounds of the other routes, and the typed texts stay", async () => {
  await using host = await openActing();
  const cases = [
    [{ name: "" }, "your name must be given"],
    [{ name: " " }, "your name must be given"],
    [{ name: "a".repeat(65) }, "name must be one line of 1 to 64 characters"],
    [{ reason: "" }, "the reason must be given"],
    [{ reason: " " }, "the reason must be given"],
    [{ reason: "a\nb" }, "reason must be one line of 1 to 200 characters"],
    [{ reason: "a".repeat(201) }, "reason must be one line of 1 to 200 characters"],
  ] as const;
  for (const [fields, trouble] of cases) {
    const { status, text } = await confirm(host, "/ui/actions/hold", { reason: 'so "new"', hours: "24", ...fields });
    assertEquals([trouble, status], [trouble, 422]);
    assertStringIncludes(text, `Nothing was done: ${trouble}.`);
    if (!("reason" in fields)) assertStringIncludes(text, 'value="so &quot;new&quot;"');
    assertStringIncludes(text, 'name="hours" value="24" checked');
  }
  for (const hours of ["", "2", "9999"]) {
    const { status, text } = await confirm(host, "/ui/actions/hold", { hours });
    assertEquals([hours, status, text.includes("choose how long")], [hours, 422, true]);
  }
  assertEquals(orders(host), []);
});

Deno.test("an action is not done on a state other than the confirmation showed, and the page shows the new one", async () => {
  await using host = await openActing();
  const basis = (await fieldsOf(host, "/ui/actions/rollback?to=41"))["basis"]!;
  host.api.releases = () => [
    releaseAnswer(43, "c3", { isRunning: true }),
    releaseAnswer(42, "b2"),
    releaseAnswer(41, "a1"),
  ];
  const { status, text } = await confirm(host, "/ui/actions/rollback?to=41", { basis });
  assertEquals([status, orders(host)], [409, []]);
  assertStringIncludes(text, "the state is another than the page showed");
  assertStringIncludes(text, "the configurations of the 2 releases after it");
  const gone = await confirm(host, "/ui/actions/rollback?to=41", { to: "7" });
  assertEquals([gone.status, orders(host)], [409, []]);
  assertStringIncludes(gone.text, "There is no release 7");
});

Deno.test("if two persons hold changes at once, the second sees the hold of the first", async () => {
  await using host = await openActing();
  const status = await host.api.status();
  host.api.status = () => Promise.resolve({ ...status, hold: null });
  const { basis } = await fieldsOf(host, "/ui/actions/hold");
  host.api.status = () => Promise.resolve({ ...status, hold: HOLD });
  const late = await confirm(host, "/ui/actions/hold", { basis: basis! });
  assertEquals([late.status, orders(host)], [409, []]);
  assertStringIncludes(late.text, "It replaces the hold by ben");
});

Deno.test("a person chooses the release if the address names none and the daemon proposes none", async () => {
  await using host = await openActing();
  host.api.answerRollout = () => Promise.resolve({ ok: true, rollout: null });
  const proposed = await host.api.status();
  host.api.status = () => Promise.resolve({ ...proposed, undo: { to: null, why: "it was rejected" } });
  const shows = async (query: string) =>
    (await visit(host, `/ui/actions/rollback${query}`, host.cookie)).text.includes('id="consequence"');
  for (const query of ["", "?to=", "?to=x", "?to=-1"]) {
    const { status, text } = await visit(host, `/ui/actions/rollback${query}`, host.cookie);
    const isUnreadable = query.length > "?to=".length;
    assertEquals([query, status, text.includes('<option value="41">')], [query, isUnreadable ? 422 : 200, true]);
    assertEquals([query, await shows(query)], [query, false]);
  }
  host.api.status = () => Promise.resolve(proposed);
  assertEquals([await shows(""), await shows("?to=x")], [true, false]);
  const { csrf } = await fieldsOf(host, "/ui/actions/rollback?to=41");
  const form = sent({ csrf: csrf!, name: "a", reason: "b", to: "x" }, { Origin: originOf(host), Cookie: host.cookie });
  assertEquals((await seen(host.askTcp("/ui/actions/rollback", form))).status, 422);
  assertEquals(orders(host), []);
});

/** Confirms an action, and returns the status of the answer and the words of its page. */
async function answered(host: Acting, path: string): Promise<string> {
  const { status, text } = await confirm(host, path);
  const main = text.slice(text.indexOf("<main"), text.indexOf("</main>"));
  assertEquals(main.includes(SECRET), false);
  return `${status} ${main.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim()}`;
}

Deno.test("the answer of the daemon is a sentence, with its advice and its diagnostics", async () => {
  await using host = await openActing();
  const diagnostic = {
    severity: "error",
    code: "x/y",
    summary: `no <b> ${SECRET}`,
    path: null,
    line: 3,
    column: 1,
  } as const;
  const place = { suggestion: "did you mean tiles?", file: "/etc/honua/config.hcl", frame: null };
  const reloads = [
    [
      { kind: "held", reason: "It is held; wait", hash: "e", awaitsRollout: false },
      "409 The change is not in force yet It is held; wait. Back",
    ],
    [{ kind: "failed", reason: `No source ${SECRET}` }, "503 Not taken up No source ***."],
    [{ kind: "stopping" }, "503 Not taken up The daemon is about to end, and did nothing."],
    [
      { kind: "rejected", reason: "1 error", diagnostics: [{ ...diagnostic, ...place }] },
      "422 Not taken up The source is not valid, so nothing has changed: 1 error. error no &lt;b&gt; " +
      "*** x/y /etc/honua/config.hcl:3:1 Help: did you mean tiles?",
    ],
  ] as const;
  const status = await host.api.status();
  const held = {
    kind: "frozen",
    hash: "e",
    by: null,
    at: null,
    reason: null,
    why: "w",
    advice: "Back to work",
  } as const;
  host.api.status = () => Promise.resolve({ ...status, held });
  for (const [answer, said] of reloads) {
    host.api.answerReload = () => Promise.resolve(answer);
    assertStringIncludes(await answered(host, "/ui/actions/reload"), said);
  }
});

Deno.test("the answer about releases and the rollout is a sentence, too", async () => {
  await using host = await openActing();
  assertStringIncludes(
    await answered(host, "/ui/actions/rollback?to=41"),
    "409 Not rolled back there is nothing to take back ***.",
  );
  host.api.answerRollback = () =>
    Promise.resolve({
      kind: "done",
      from: 42,
      to: 41,
      release: 43,
      hash: "a".repeat(64),
      instancesNotified: 39,
      notNotified: null,
    });
  assertStringIncludes(
    await answered(host, "/ui/actions/rollback?to=41"),
    "200 Rolled back edge-1 runs aaaaaaaa again, the configuration of release 41, now as release 43. Release 42 was " +
      "taken back. Announced to 39 other hosts.",
  );
  const back = { kind: "done", from: 42, to: 41, release: 43, hash: "a".repeat(64) } as const;
  for (
    const [scope, notNotified, count, said] of [
      ["fleet", "Redis is away", 0, "The other hosts do not follow yet: Redis is away. The source"],
      ["fleet", null, 0, "No other host was notified. The source"],
      ["fleet", null, 1, "Announced to 1 other host. The source"],
      ["host", null, 0, "Only this host went back. The source"],
    ] as const
  ) {
    host.api.answerRollback = () => Promise.resolve({ ...back, instancesNotified: count, notNotified });
    assertStringIncludes(await answered(host, `/ui/actions/rollback?to=41&scope=${scope}`), said);
  }
  assertStringIncludes(
    await answered(host, "/ui/actions/promote"),
    "200 Promoted The rollout of c3 is at step 1 of 2 now: 1 of 3 hosts.",
  );
  host.api.answerRolloutOrder = () => Promise.resolve({ kind: "failed", reason: "Redis is away" });
  assertStringIncludes(await answered(host, "/ui/actions/promote"), "503 Not promoted Redis is away.");
  assertStringIncludes(
    await answered(host, "/ui/actions/hold"),
    "200 Held No other configuration comes into force on edge-1 before 2026-01-02 04:04 UTC.",
  );
  host.api.refuseOrders = "Nothing is held; look at the status";
  assertStringIncludes(
    await answered(host, "/ui/actions/release-hold"),
    "409 No hold was ended Nothing is held; look at the",
  );
});

Deno.test("an action that takes too long says that it goes on, and counts until it ends", async () => {
  await using host = await openActing({ limits: { reloadMilliseconds: 1, maxReloads: 1 } });
  const done = Promise.withResolvers<{ readonly kind: "failed"; readonly reason: string }>();
  host.api.answerReload = () => done.promise;
  const late = await confirm(host, "/ui/actions/reload");
  assertEquals(late.status, 504);
  assertStringIncludes(late.text, "The reload goes on, but was not done within 0.001 s.");
  const busy = await confirm(host, "/ui/actions/hold");
  assertEquals([busy.status, host.api.requests.length, host.api.orders.length], [503, 1, 0]);
  assert(busy.text.includes("nothing was done"));
  done.resolve({ kind: "failed", reason: "over" });
  await done.promise;
  assertEquals((await confirm(host, "/ui/actions/hold")).status, 200);
});
