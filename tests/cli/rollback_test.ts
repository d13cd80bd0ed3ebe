// `honua-configd rollback`, `hold`, `release-hold` and `confirm`.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runRecorded } from "../support/recording_terminal.ts";
import { cannedDaemon, hashOf, json } from "./canned_daemon.ts";

const DONE = { from: 42, to: 41, release: 43, hash: hashOf("a"), instancesNotified: 2, notNotified: null };

const answering =
  (done: Record<string, unknown> = {}, source: string | null = "/etc/honua/it's.hcl") => ({ method }: Request) =>
    json(method === "GET" ? { source } : { ...DONE, ...done });

Deno.test("a rollback names the release in force again, those taken back, the instances that follow, and the advice for the file", async () => {
  await using daemon = await cannedDaemon(answering());
  const { code, out, error } = await runRecorded(["rollback", "--reason", "tiles are empty", ...daemon.flags], {
    environment: { USER: "anna" },
  });
  assertEquals([code, error], [0, ""]);
  assertEquals(out.split("\n"), [
    "In force again: aaaaaaaa, the configuration of release 41, now release 43",
    "Taken back: release 42",
    "Announced to 2 other instances: honua-configd peers shows which of them run it",
    "The file was not touched: honua-configd show 43 --output '/etc/honua/it'\\''s.hcl' brings it in line",
    "",
  ]);
  const [order] = daemon.asked.filter(({ what }) => what.startsWith("POST"));
  assertEquals([order!.what, JSON.parse(order!.body)], [
    "POST /admin/rollback",
    { number: null, reason: "tiles are empty", author: "anna", local: false },
  ]);
});

Deno.test("a rollback on a host without a file speaks of no file", async () => {
  await using daemon = await cannedDaemon(answering({}, null));
  const { code, out } = await runRecorded(["rollback", "--reason", "tiles are empty", ...daemon.flags]);
  assertEquals([code, out.split("\n").length, /file/i.test(out)], [0, 4, false], out);
});

Deno.test("a rollback says whether the others follow, and is asked for as the flags say", async () => {
  const cases = [
    [{ from: 44, notNotified: "Redis cannot be reached" }, [], "do not follow yet: Redis cannot be reached"],
    [{ instancesNotified: 0 }, [], "No other instance was notified"],
    [{ instancesNotified: 0 }, ["--local"], "Only this host went back (--local)"],
  ] as const;
  for (const [done, flags, says] of cases) {
    await using daemon = await cannedDaemon(answering(done));
    const { code, out } = await runRecorded(["rollback", "41", "--reason", "x", ...flags, ...daemon.flags]);
    assertEquals(code, 0);
    assertStringIncludes(out, says);
    assertEquals(out.includes("and the releases between"), "from" in done);
    assertEquals(JSON.parse(daemon.asked[0]!.body).number, 41);
  }
  await using forcing = await cannedDaemon(answering());
  await runRecorded(["rollback", "42", "--force", "--reason", "x", "--author", "ann", ...forcing.flags]);
  assertEquals(JSON.parse(forcing.asked[0]!.body), {
    number: 42,
    reason: "x",
    author: "ann",
    local: false,
    force: true,
  });
  await using daemon = await cannedDaemon(answering());
  const { out } = await runRecorded(["rollback", "--reason", "x", "--format", "json", ...daemon.flags]);
  assertEquals(JSON.parse(out), DONE);
});

const REFUSALS: [number, number, string][] = [
  [409, 1, "Not rolled back: Release 41 is in force\u241b\n"],
  [422, 2, "answers: Release 41 is in force"],
  [503, 3, "answers: Release 41 is in force"],
];

for (const [status, ends, says] of REFUSALS) {
  Deno.test(`a rollback that is answered with ${status} ends with ${ends} and says why`, async () => {
    await using daemon = await cannedDaemon(() => json({ detail: "Release 41 is in force\x1b" }, status));
    const { code, out, error } = await runRecorded(["rollback", "--reason", "x", ...daemon.flags]);
    assertEquals([code, out], [ends, ""]);
    assertStringIncludes(error, says);
  });
}

Deno.test("a rollback without a reason, of no number, or by force without one, is wrong usage", async () => {
  await using daemon = await cannedDaemon(answering());
  for (const args of [[], ["--reason", "x", "41a"], ["--reason", "x", "0"], ["--reason", "x", "--force"]]) {
    assertEquals((await runRecorded(["rollback", ...args, ...daemon.flags])).code, 2, args.join(" "));
  }
  assertEquals(daemon.asked, []);
});

Deno.test("a hold, its end and a confirmation are asked for in the person's name and reported", async () => {
  await using daemon = await cannedDaemon(() => json({ status: "done" }));
  const run = async (...args: string[]) =>
    (await runRecorded([...args, ...daemon.flags], { environment: { USER: "anna" } })).out;
  assertEquals(
    await run("hold", "--until", "2099-01-31T12:00:00Z", "--reason", "fair"),
    "Held on this host: no other configuration is put in force before 2099-01-31T12:00:00.000Z. honua-configd release-hold ends that earlier\n",
  );
  assertMatch(await run("hold", "--until", "12h", "--reason", "fair"), /before \d{4}-/);
  assertMatch(await run("release-hold", "--author", "bob"), /The hold is over/);
  assertMatch(await run("confirm"), /Confirmed/);
  const { until } = JSON.parse(daemon.asked[1]!.body);
  assertEquals(Math.round((Date.parse(until) - Date.now()) / 3_600_000), 12);
  assertEquals(daemon.asked.map(({ what, body }) => [what, JSON.parse(body).author]), [
    ["POST /admin/hold", "anna"],
    ["POST /admin/hold", "anna"],
    ["POST /admin/release-hold", "bob"],
    ["POST /admin/confirm", "anna"],
  ]);
  for (const args of [["hold", "--until", "12h"], ["hold", "--reason", "x", "--until", "soon"]]) {
    assertEquals((await runRecorded([...args, ...daemon.flags])).code, 2);
  }
});

Deno.test("an order that the daemon refuses ends with 1 and says why", async () => {
  await using daemon = await cannedDaemon(() => json({ detail: "There is no hold" }, 409));
  const { code, error } = await runRecorded(["release-hold", ...daemon.flags]);
  assertEquals([code, error], [1, "No hold was ended: There is no hold\n"]);
});

Deno.test("a rollback without a daemon says so once", async () => {
  const { code, error } = await runRecorded(["rollback", "--reason", "x", "--socket", "/nonexistent/admin.sock"]);
  assertEquals([code, error.split("\n").length], [3, 2], error);
});
