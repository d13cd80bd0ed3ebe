import { assertEquals, assertStringIncludes } from "@std/assert";
import { runRecorded } from "../support/recording_terminal.ts";
import { cannedDaemon, hashOf, json } from "./canned_daemon.ts";

const DONE = {
  status: "reloaded",
  timestamp: "2026-01-31T12:00:00.000Z",
  instancesNotified: 3,
  hash: hashOf("a"),
  generation: 18,
  standing: "agreed",
  notNotified: null,
};

const OUTCOMES: [string, Record<string, unknown>, string[], string][] = [
  ["a reload", {}, [], "Reloaded: aaaaaaaa is in force (generation 18), 3 other instances notified\n"],
  [
    "a reload that one other heard of",
    { instancesNotified: 1 },
    [],
    "Reloaded: aaaaaaaa is in force (generation 18), 1 other instance notified\n",
  ],
  [
    "a reload that changed nothing",
    { status: "unchanged", instancesNotified: 0, generation: null },
    [],
    "Unchanged: aaaaaaaa is in force\n",
  ],
  [
    "a reload that changed nothing and notified the others",
    { status: "unchanged" },
    ["--notify"],
    "Unchanged: aaaaaaaa is in force (generation 18), 3 other instances notified\n",
  ],
];

for (const [what, given, args, says] of OUTCOMES) {
  Deno.test(`${what} names the active snapshot, and ends with 0`, async () => {
    await using daemon = await cannedDaemon(() => json({ ...DONE, ...given }));
    const { code, out, error } = await runRecorded(["reload", ...args, ...daemon.flags]);
    assertEquals([code, out, error], [0, says, ""]);
  });
}

Deno.test("a reload is requested as the flags say", async () => {
  await using daemon = await cannedDaemon(() => json(DONE));
  const tag = hashOf("B");
  await runRecorded(["reload", ...daemon.flags]);
  await runRecorded(["reload", "--notify", "--force", "--if-match", tag, ...daemon.flags]);
  await runRecorded(["reload", "--if-match", '"x", "y"', ...daemon.flags]);
  await runRecorded(["reload", "--if-match", 'W/"x"', ...daemon.flags]);
  assertEquals(daemon.asked.map(({ what }) => what), Array(3).fill("POST /admin/metadata/reload"));
  assertEquals(daemon.asked.map(({ body }) => JSON.parse(body)), [
    { notifyOtherInstances: false, force: false },
    { notifyOtherInstances: true, force: true },
    { notifyOtherInstances: false, force: false },
  ]);
  assertEquals(daemon.asked.map(({ headers }) => headers.get("if-match")), [null, `"${hashOf("b")}"`, 'W/"x"']);
  assertEquals(daemon.asked[0]!.headers.get("content-type"), "application/json");
});

Deno.test("an --if-match that is no entity tag is wrong usage, and nothing is asked", async () => {
  await using daemon = await cannedDaemon(() => json(DONE));
  for (const tag of ["", "abc", '"a', '"a\nb"', '"é"']) {
    const { code, error } = await runRecorded(["reload", "--if-match", tag, ...daemon.flags]);
    assertEquals(code, 2);
    assertStringIncludes(error, "--if-match takes the ETag of /admin/snapshot");
  }
  assertEquals(daemon.asked, []);
});

Deno.test("a rejected source ends with 1 and its diagnostics on standard error, as JSON the problem too", async () => {
  const diagnostic = {
    file: "a.hcl",
    severity: "error",
    code: "config/x",
    summary: "No \x1b[31mservice",
    path: null,
    line: 13,
    column: 7,
    suggestion: "name one",
    frame: ["   |", "13 | x = \x1b[31m", "   | ^"],
  };
  const problem = {
    type: "about:blank",
    title: "Rejected",
    status: 422,
    detail: "a.hcl has an error",
    diagnostics: [diagnostic],
  };
  await using daemon = await cannedDaemon(() => json(problem, 422));
  const { code, out, error } = await runRecorded(["reload", ...daemon.flags]);
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(
    error,
    "error[config/x]: No ␛[31mservice\n  --> a.hcl:13:7\n   |\n13 | x = ␛[31m\n   | ^\n   = help: name one\n",
  );
  assertStringIncludes(error, "\nRejected: a.hcl has an error; the snapshot in force stays\n");
  const asJson = await runRecorded(["reload", "--format", "json", ...daemon.flags]);
  assertEquals([asJson.code, JSON.parse(asJson.out)], [1, problem]);
});

Deno.test("a reload after which the instance diverges explains --force, unless it was forced", async () => {
  await using daemon = await cannedDaemon(() => json({ ...DONE, standing: "diverged", instancesNotified: 0 }));
  const { code, out, error } = await runRecorded(["reload", ...daemon.flags]);
  assertEquals([code, out], [0, "Reloaded: aaaaaaaa is in force, 0 other instances notified\n"]);
  assertStringIncludes(
    error,
    "Diverged: the latest change, on another host, is another configuration. --force announces",
  );
  const forced = await runRecorded(["reload", "--force", ...daemon.flags]);
  assertEquals([forced.code, forced.error], [
    0,
    "Diverged: the latest change, on another host, is another configuration\n",
  ]);
});

Deno.test("a reload whose change waits to be announced has no generation", async () => {
  await using daemon = await cannedDaemon(() =>
    json({ ...DONE, standing: "unknown", generation: null, instancesNotified: 0 })
  );
  const { code, out } = await runRecorded(["reload", ...daemon.flags]);
  assertEquals([code, out], [0, "Reloaded: aaaaaaaa is in force, 0 other instances notified\n"]);
});

Deno.test("a reload that could not notify the others ends with 3 and says why, if that was asked for", async () => {
  const notNotified = "Redis is not \x1bthere";
  await using daemon = await cannedDaemon(() => json({ ...DONE, instancesNotified: 0, notNotified }));
  const { code, out, error } = await runRecorded(["reload", "--notify", ...daemon.flags]);
  assertEquals([code, out], [3, "Reloaded: aaaaaaaa is in force (generation 18), 0 other instances notified\n"]);
  assertEquals(error, "The others were not notified: Redis is not ␛there\n");
  assertEquals((await runRecorded(["reload", ...daemon.flags])).code, 0);
  const asJson = await runRecorded(["reload", "--notify", "--format", "json", ...daemon.flags]);
  assertEquals([asJson.code, JSON.parse(asJson.out).notNotified], [3, notNotified]);
});

Deno.test("a daemon of an earlier version, which says less, is understood", async () => {
  const { notNotified: _, standing: __, ...less } = DONE;
  await using daemon = await cannedDaemon(() => json(less));
  const { code, out } = await runRecorded(["reload", "--notify", ...daemon.flags]);
  assertEquals([code, out], [0, "Reloaded: aaaaaaaa is in force (generation 18), 3 other instances notified\n"]);
});

Deno.test("a reload by force that announced nothing says so and ends with 3", async () => {
  const detail = "Redis cannot be reached: nothing was announced over the others";
  await using daemon = await cannedDaemon(() => json({ detail }, 503));
  const { code, out, error } = await runRecorded(["reload", "--force", ...daemon.flags]);
  assertEquals([code, out], [3, ""]);
  assertEquals(error, `Not announced: ${daemon.at} answers: ${detail}\n`);
});

const REFUSALS: [number, Record<string, unknown>, string][] = [
  [412, { detail: "Another snapshot is in force" }, "answers: Another snapshot is in force\n"],
  [422, { detail: "force is given twice" }, "answers: force is given twice\n"],
  [503, { detail: "Cannot write \x07it" }, "answers: Cannot write ␇it\n"],
  [504, { title: "Gateway timeout", detail: 5 }, "answered with status 504: Gateway timeout\n"],
  [400, {}, "answered with status 400\n"],
];

for (const [status, problem, says] of REFUSALS) {
  Deno.test(`a reload that is answered with ${status} ends with 3 and says why`, async () => {
    await using daemon = await cannedDaemon(() => json(problem, status));
    const { code, out, error } = await runRecorded(["reload", ...daemon.flags]);
    assertEquals([code, out], [3, ""]);
    assertStringIncludes(error, says);
  });
}

Deno.test("a reload as JSON is the daemon's answer", async () => {
  await using daemon = await cannedDaemon(() => json(DONE));
  const { code, out } = await runRecorded(["reload", "--format", "json", ...daemon.flags]);
  assertEquals([code, JSON.parse(out)], [0, DONE]);
});

Deno.test("a reload that is held says why and ends with 1", async () => {
  const detail = "The source is not put in force: anna rolled it back";
  await using daemon = await cannedDaemon(() => json({ code: "admin/held", detail }, 409));
  const { code, out, error } = await runRecorded(["reload", ...daemon.flags]);
  assertEquals([code, out, error], [1, "", `Held: ${detail}; honua-configd status says what to do\n`]);
});

Deno.test("a reload without steps says so to the daemon, with a reason", async () => {
  await using daemon = await cannedDaemon(() => json(DONE));
  const run = async (...args: string[]) => (await runRecorded(["reload", ...args, ...daemon.flags])).code;
  assertEquals([await run("--now"), await run("--now", "--reason", "urgent"), await run()], [2, 0, 0]);
  const bodies = daemon.asked.map(({ body }) => JSON.parse(body));
  // A daemon of version 0.1 would refuse a member that it does not know.
  assertEquals(bodies.map(({ now, reason }) => [now, reason]), [[true, "urgent"], [undefined, undefined]]);
});

Deno.test("a reload that is to be confirmed names its person and says when it goes back", async () => {
  let confirmation: unknown = { deadline: "2026-03-01T12:10:00.000Z", author: "anna" };
  await using daemon = await cannedDaemon(({ method }) => json(method === "GET" ? { confirmation } : DONE));
  const environment = { USER: "root", SUDO_USER: "anna" };
  const ask = async () =>
    await runRecorded(["reload", "--confirm", "10m", "--reason", "new tiles", ...daemon.flags], { environment });
  const { code, out } = await ask();
  assertEquals([code, out.split("\n")[1]], [
    0,
    "It goes back at 2026-03-01T12:10:00.000Z unless it is confirmed: honua-configd confirm",
  ]);
  assertEquals(JSON.parse(daemon.asked[0]!.body), {
    notifyOtherInstances: false,
    force: false,
    author: "anna",
    reason: "new tiles",
    confirmSeconds: 600,
  });
  confirmation = null;
  assertStringIncludes((await ask()).out, "Nothing waits for a confirmation: no new configuration came into force");
  for (const time of ["0s", "25h", "10"]) {
    assertEquals([time, (await runRecorded(["reload", "--confirm", time, ...daemon.flags])).code], [time, 2]);
  }
});

Deno.test("an emergency needs a reason, and a refusal over TCP is shown unchanged", async () => {
  const detail = "emergency is taken only over the unix socket";
  await using daemon = await cannedDaemon(() => json({ code: "admin/only-local", detail }, 403));
  assertEquals((await runRecorded(["reload", "--emergency", ...daemon.flags])).code, 2);
  const { code, error } = await runRecorded(["reload", "--emergency", "--reason", "x", ...daemon.flags]);
  assertEquals(code, 3);
  assertStringIncludes(error, `answers: ${detail}`);
  assertEquals(daemon.asked.map(({ body }) => JSON.parse(body)), [
    { notifyOtherInstances: false, force: false, emergency: true, reason: "x" },
  ]);
});
