import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { followPublished } from "../../src/cli/published_rollout.ts";
import type { AskedRollout } from "../../src/cli/rollout.ts";
import type { Rollout } from "../../src/cli/rollout_text.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { cannedDaemon, hashOf, json, keepingTerminal, peerWith } from "./canned_daemon.ts";

const [A, B, C] = [hashOf("a"), hashOf("b"), hashOf("c")];

function rolloutWith(given: Partial<Rollout> = {}): Rollout {
  return {
    hash: B,
    base: A,
    by: "edge-1",
    author: "ann",
    reason: "new tiles",
    at: "2026-01-01T00:00:00.000Z",
    phase: "admitting",
    step: 0,
    steps: [1, 3],
    why: null,
    isUnderWay: true,
    isVoid: false,
    isDone: false,
    ageSeconds: 0,
    bakeSeconds: 10,
    deadlineSeconds: 60,
    hosts: [],
    waitsFor: ["edge-2, which does not run it yet"],
    ...given,
  };
}

const DONE = { isDone: true, isUnderWay: false, phase: "baking", step: 1 };

/** Follows through these answers, a second apart; a string is a passing silence with that reason. */
async function followed(answers: readonly (Partial<Rollout> | null | string)[], limitMilliseconds: number | null) {
  const { terminal, out, error } = keepingTerminal();
  let at = 0;
  const ask = (): Promise<AskedRollout> => {
    const answer = answers[Math.min(at++, answers.length - 1)]!;
    if (typeof answer === "string") return Promise.resolve({ ok: false, why: answer, isPassing: true });
    const rollout = answer === null ? null : rolloutWith(answer);
    return Promise.resolve({ ok: true, rollout, body: { rollout } });
  };
  const now = () => at * 1_000;
  const pace = { pollMilliseconds: 1, silenceMilliseconds: 5_000, now };
  const code = await followPublished({ hash: B, format: "text", limitMilliseconds, ask }, terminal, pace);
  return { code, lines: out.map((line) => line.replace(/^\S+ /, "").trimEnd()), error: error.join("") };
}

Deno.test("a publication is followed with one line for each change, and ends as its rollout does", async () => {
  const { code, lines } = await followed([{}, {}, { phase: "baking", waitsFor: [] }, DONE], null);
  assertEquals([code, lines], [0, [
    "Rollout of bbbbbbbb: step 1 of 2, 1 of 3 hosts let in, admitting; waits for edge-2, which does not run it yet",
    "Rollout of bbbbbbbb: step 1 of 2, 1 of 3 hosts let in, baking",
    "Rollout of bbbbbbbb: done, all hosts are let in",
  ]]);
  const over = { isUnderWay: false, why: "edge-2: tiles are empty" };
  for (const phase of ["rolled-back", "withdrawn"]) assertEquals((await followed([{ phase, ...over }], null)).code, 1);
  for (const phase of ["halted", "paused"]) assertEquals((await followed([{ phase }], null)).code, 1);
  assertEquals((await followed([{ isVoid: true, isUnderWay: false }], null)).code, 1);
});

Deno.test("a rollout whose place another one took did not end well, unless that one is on top of it", async () => {
  const other = await followed([{}, { hash: C }], null);
  assertEquals([other.code, other.error], [
    1,
    "The rollout of bbbbbbbb did not end well: that of cccccccc took its place\n",
  ]);
  assertEquals((await followed([{}, { hash: C, base: B }], null)).code, 0);
  assertStringIncludes((await followed([{}, null], null)).error, "none is in the store any more");
});

Deno.test("a rollout is followed as long as its steps may take, or as long as wanted, and through a short silence", async () => {
  const late = await followed([{}], 4_000);
  assertEquals([late.code, late.error], [
    3,
    "The rollout is still under way: honua-configd rollout --watch follows it further\n",
  ]);
  // Two steps of 70 s each, and a minute.
  const enough = await followed([...Array.from({ length: 199 }, () => ({})), DONE], null);
  assertEquals([enough.code, (await followed([...Array.from({ length: 200 }, () => ({})), DONE], null)).code], [0, 3]);
  assertEquals((await followed([{}, "no answer", "no answer", DONE], null)).code, 0);
  const silent = await followed([{}, "no answer"], null);
  assertEquals([silent.code, silent.error], [3, "no answer\n"]);
});

Deno.test("publish sends the text with the person and the reason, and --detach ends when it is proposed", async () => {
  await using daemon = await cannedDaemon(() => json({ status: "proposed", hash: B, timestamp: "now" }));
  const file = await daemon.directory.write("honua.hcl", "honua {}\n");
  const args = ["publish", file, ...daemon.flags, "--reason", "new tiles", "--detach"];
  const { code, out, error } = await runRecorded(args, { environment: { USER: "ann" } });
  assertEquals([code, out, error], [0, "Proposed: bbbbbbbb\n", ""]);
  assertEquals(daemon.asked.map(({ what }) => what), ["POST /admin/publish"]);
  assertEquals(JSON.parse(daemon.asked[0]!.body), {
    name: file,
    text: "honua {}\n",
    reason: "new tiles",
    author: "ann",
  });
  const piped = ["publish", "-", "--name", "x.json", ...daemon.flags, "--reason", "r", "--detach", "--format", "json"];
  const json_ = await runRecorded(piped, { input: "{}" });
  assertEquals(JSON.parse(json_.out).hash, B);
  assertEquals(JSON.parse(daemon.asked[1]!.body).name, "x.json");
});

Deno.test("publish follows the rollout of its source, and nothing if the fleet has it already", async () => {
  let status = "proposed";
  await using daemon = await cannedDaemon((request) =>
    json(
      request.method === "POST" ? { status, hash: B } : { rollout: rolloutWith(DONE), peers: [peerWith({ hash: B })] },
    )
  );
  const file = await daemon.directory.write("honua.hcl", "honua {}\n");
  const run = () => runRecorded(["publish", file, ...daemon.flags, "--reason", "new tiles"]);
  const proposed = await run();
  assertEquals(proposed.code, 0);
  assertMatch(proposed.out, /^Proposed: bbbbbbbb\n\S+ Rollout of bbbbbbbb: done, all hosts are let in\n$/);
  for (status of ["unchanged", "first"]) assertEquals((await run()).code, 0);
  assertEquals(daemon.asked.filter(({ what }) => what === "GET /admin/rollout").length, 1);
});

Deno.test("publish ends with 1 if the source is not valid or refused, with 3 if the store did not take it", async () => {
  let answer = () => json({});
  await using daemon = await cannedDaemon(() => answer());
  const file = await daemon.directory.write("honua.hcl", "honua {}\n");
  const run = () => runRecorded(["publish", file, ...daemon.flags, "--reason", "new tiles"]);
  const ended = async (body: unknown, status: number) => {
    answer = () => json(body, status);
    const { code, error } = await run();
    return [code, error];
  };
  const rejected = { source: file, detail: "bad", diagnostics: [] };
  assertEquals(await ended(rejected, 422), [1, `${file}: invalid\n`]);
  assertEquals(await ended({ detail: "It was taken back" }, 409), [1, "Not published: It was taken back\n"]);
  assertEquals((await ended({ detail: "no store" }, 503))[0], 3);
  assertEquals((await ended({ odd: true }, 200))[0], 3);
  await using directory = await temporaryDirectory();
  const missing = await runRecorded(["publish", directory.file("none.hcl"), ...daemon.flags, "--reason", "r"]);
  assertEquals(missing.code, 3);
  assertEquals((await runRecorded(["publish", file, ...daemon.flags])).code, 2);
});

Deno.test("publish by Redis takes no address of a daemon, and reports mistakes before it connects", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("honua.json", "{");
  const run = (...args: string[]) => runRecorded(["publish", file, "--reason", "r", ...args]);
  assertEquals((await run("--redis", "127.0.0.1:1", "--socket", "/nonexistent")).code, 2);
  const unnamed = await run("--redis");
  assertEquals(unnamed.code, 1, unnamed.error);
  const bad = await run("--redis", "127.0.0.1:1");
  assertEquals([bad.code, bad.out], [1, ""]);
  assertStringIncludes(bad.error, `${file}: invalid`);
  const missing = await runRecorded(["publish", directory.file("x.hcl"), "--redis", "127.0.0.1:1", "--reason", "r"]);
  assertEquals(missing.code, 3);
  const options = await run("--redis", "127.0.0.1:1", "--options", directory.file("none.json"));
  assertEquals(options.code, 3);
});

const SOURCE = 'honua {\r\n  x = "ü"\n}';
const FOUND = { headers: { "X-Honua-Hash": A, "X-Honua-Format": "hcl" } };

Deno.test("pull writes the stable source as the owner's file, and replaces another content only with --force", async () => {
  await using daemon = await cannedDaemon(() => new Response(SOURCE, FOUND));
  const file = daemon.directory.file("honua.hcl");
  const run = (...args: string[]) => runRecorded(["pull", ...args, ...daemon.flags]);
  assertEquals((await run()).out, SOURCE);
  const written = await run(file);
  assertEquals([written.code, written.out], [0, ""], written.error);
  assertEquals([await Deno.readTextFile(file), (await Deno.stat(file)).mode! & 0o777], [SOURCE, 0o600]);
  assertStringIncludes((await run(file)).error, "already");
  await Deno.writeTextFile(file, "mine");
  await Deno.chmod(file, 0o640);
  const kept = await run(file);
  assertEquals([kept.code, await Deno.readTextFile(file)], [3, "mine"], kept.error);
  if (Deno.uid() === 0) await Deno.chown(file, 1234, 4321);
  const forced = await run("--force", file);
  assertEquals([forced.code, forced.error], [
    0,
    `Wrote ${file}: the source of aaaaaaaa, on which the fleet has agreed\n`,
  ]);
  assertEquals([await Deno.readTextFile(file), (await Deno.stat(file)).mode! & 0o777], [SOURCE, 0o640]);
  if (Deno.uid() === 0) assertEquals((await Deno.stat(file)).gid, 4321);
});

Deno.test("pull writes nothing under a name of another format, over a directory, or without an answer", async () => {
  let answer = () => new Response(SOURCE, FOUND);
  await using daemon = await cannedDaemon(() => answer());
  const run = (name: string) => runRecorded(["pull", daemon.directory.file(name), ...daemon.flags]);
  const json_ = await run("honua.json");
  assertEquals([json_.code, json_.error], [2, "The source is in hcl: name a file that ends in .hcl or .honua\n"]);
  await Deno.mkdir(daemon.directory.file("there.hcl"));
  assertEquals((await run("there.hcl")).code, 3);
  answer = () => new Response(SOURCE);
  assertEquals((await run("honua.hcl")).code, 3);
  answer = () => json({ detail: "Nothing is agreed on" }, 404);
  const nothing = await run("honua.hcl");
  assertEquals(nothing.code, 3);
  assertStringIncludes(nothing.error, "Nothing is agreed on");
  const names = [...Deno.readDirSync(daemon.directory.path)].map(({ name }) => name);
  assertEquals(names.filter((name) => name.startsWith("honua")), []);
});
