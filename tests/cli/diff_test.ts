import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { BlockDiff } from "../../src/config/config_diff.ts";
import { patchOf } from "../../src/config/config_diff.ts";
import { comparedText, diffText } from "../../src/cli/diff_text.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { cannedDaemon, hashOf, json } from "./canned_daemon.ts";

const BLOCKS: readonly BlockDiff[] = [
  {
    change: "changed",
    type: "layer",
    name: "roads",
    at: ["layers", "roads"],
    settings: [
      { path: ["title"], change: "changed", from: "a", to: "b", secretChanged: false },
      { path: ["geometry", "srid"], change: "added", to: 4326, secretChanged: false },
      { path: ["fields"], change: "removed", from: { id: {} }, secretChanged: false },
    ],
  },
  {
    change: "changed",
    type: "data_source",
    name: "db",
    at: ["dataSources", "db"],
    settings: [{ path: ["connection"], change: "changed", from: "[masked]", to: "[masked]", secretChanged: true }],
  },
  {
    change: "added",
    type: "variable",
    name: "v",
    at: ["variables", "v"],
    settings: [{ path: [], change: "added", to: [1], secretChanged: false }],
  },
  {
    change: "added",
    type: "service",
    name: "wfs",
    at: ["services", "wfs"],
    settings: [
      { path: ["enabled"], change: "added", to: true, secretChanged: false },
      { path: ["id"], change: "added", to: "wfs", secretChanged: false },
    ],
  },
  { change: "removed", type: "rate_limit", name: null, at: ["rateLimit"], settings: [] },
];

const LINES = [
  '~ layer "roads"',
  '    title: "a" → "b"',
  "  + geometry.srid: 4326",
  '  - fields: {"id":{}}',
  '~ data_source "db"',
  "    connection: (secret changed)",
  '+ variable "v": [1]',
  '+ service "wfs"',
  "    enabled: true",
  "- rate_limit",
];

const COUNTS = { added: 2, removed: 1, changed: 2 };
const HEAD = "From release 12 (aaaaaaaa) to /etc/honua/config.hcl (bbbbbbbb): 2 added, 1 removed, 2 changed";

function answered(blocks: readonly BlockDiff[] = BLOCKS) {
  const same = blocks.length === 0;
  return {
    from: { label: "release 12", hash: hashOf("a") },
    to: { label: "/etc/honua/config.hcl", hash: hashOf(same ? "a" : "b") },
    same,
    counts: same ? { added: 0, removed: 0, changed: 0 } : COUNTS,
    blocks,
    patch: [...patchOf(blocks)],
  };
}

Deno.test("a diff reads as a review: a line for each block, and below it one for each setting", async () => {
  await using daemon = await cannedDaemon((request) =>
    json(new URL(request.url).search === "?from=running&to=file" ? answered() : {})
  );
  const { code, out, error } = await runRecorded(["diff", ...daemon.flags]);
  assertEquals([code, error], [1, ""]);
  assertEquals(out.split("\n"), [HEAD, ...LINES, ""]);
});

Deno.test("a diff of the same ends with 0, as text and as a patch", async () => {
  await using daemon = await cannedDaemon(() => json(answered([])));
  const { code, out } = await runRecorded(["diff", "12", "abcdef01", ...daemon.flags]);
  const expected = "No difference from release 12 (aaaaaaaa) to /etc/honua/config.hcl (aaaaaaaa)\n";
  assertEquals([code, out], [0, expected]);
  const patch = await runRecorded(["diff", "--format", "json", ...daemon.flags]);
  assertEquals([patch.code, patch.out, patch.error], [0, "[]\n", ""]);
});

Deno.test("a diff as JSON is the patch, and names the changes that no patch can show", async () => {
  await using daemon = await cannedDaemon(() => json(answered()));
  const { code, out, error } = await runRecorded(["diff", "--format", "json", ...daemon.flags]);
  assertEquals([code, JSON.parse(out)], [1, [...patchOf(BLOCKS)]]);
  assertEquals(error, "1 secret changed, which the patch does not show\n");
});

Deno.test("a file of this host is sent to the daemon", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("new.hcl", "honua {}\n");
  await using daemon = await cannedDaemon(() => json(answered()));
  assertEquals((await runRecorded(["diff", "running", path, ...daemon.flags])).code, 1);
  assertEquals(daemon.asked.map(({ what, body }) => [what, JSON.parse(body)]), [
    ["POST /admin/diff", { from: "running", to: { name: path, text: "honua {}\n" } }],
  ]);
  const missing = await runRecorded(["diff", "./missing.hcl", ...daemon.flags]);
  assertEquals([missing.code, missing.out, daemon.asked.length], [3, "", 1]);
  assertStringIncludes(missing.error, "missing.hcl");
});

Deno.test("a diff of an argument that is neither a reference nor a path is wrong usage", async () => {
  await using daemon = await cannedDaemon(() => json(answered()));
  for (const argument of ["newest", "abc", "0"]) {
    const { code, error } = await runRecorded(["diff", argument, ...daemon.flags]);
    assertEquals([code, daemon.asked.length], [2, 0]);
    assertStringIncludes(error, `${argument} must be running, file, the number of a release`);
  }
});

Deno.test("a diff ends with 1 if a source is not valid, and with 3 if there is none", async () => {
  const diagnostic = {
    ...{ file: "new.hcl", severity: "error", code: "config/x", summary: "It is wrong" },
    ...{ path: null, line: 3, column: 1, suggestion: null },
  };
  const invalid = {
    status: 422,
    code: "admin/rejected",
    detail: "wrong",
    source: "new.hcl",
    diagnostics: [diagnostic],
  };
  await using rejecting = await cannedDaemon(() => json(invalid, 422));
  const rejected = await runRecorded(["diff", ...rejecting.flags]);
  assertEquals([rejected.code, rejected.out], [1, ""]);
  assertStringIncludes(rejected.error, "It is wrong");
  assertStringIncludes(rejected.error, "new.hcl: invalid\n");
  for (const [status, body] of [[404, { detail: "There is no release 7" }], [200, { from: 1 }]] as const) {
    await using daemon = await cannedDaemon(() => json(body, status));
    const { code, error } = await runRecorded(["diff", "7", ...daemon.flags]);
    assertEquals(code, 3);
    assertStringIncludes(error, status === 404 ? "There is no release 7" : "is not honua-configd");
  }
});

Deno.test("a long diff says how much of it is not shown", () => {
  const block = BLOCKS.at(-1)!;
  const blocks = Array.from({ length: 1_001 }, () => block);
  const lines = diffText(blocks, false).trimEnd().split("\n");
  assertEquals([lines.length, lines.at(-1)], [1_001, "… and 1 more block: --format json has all"]);
  assertEquals(diffText(blocks.slice(1), false).split("\n").length, 1_001);
  const [setting] = BLOCKS[0]!.settings;
  const settings = Array.from({ length: 102 }, () => setting!);
  const shown = diffText([{ ...BLOCKS[0]!, settings }], false).trimEnd().split("\n");
  assertEquals([shown.length, shown.at(-1)], [102, "    … and 2 more settings: --format json has all"]);
});

Deno.test("two long values show their difference, and no value can control a terminal", () => {
  const about = (from: string, to: string) =>
    diffText([{
      ...BLOCKS[0]!,
      settings: [{ path: ["t"], change: "changed", from, to, secretChanged: false }],
    }], false).split("\n")[1]!;
  const long = "x".repeat(1_000);
  const text = about(`${long}a`, `${long}b`);
  assertEquals(text, `    t: …${"x".repeat(20)}a" → …${"x".repeat(20)}b"`);
  const whole = "x".repeat(150);
  assertEquals(about(`${whole}a`, `${whole}b`), `    t: "${whole}a" → "${whole}b"`);
  assert(about("a", long).length < 300);
  assertEquals(about("\x1b[2J\u202e", ""), '    t: "\\u001b[2J<U+202E>" → ""');
  const hostile = diffText([{ ...BLOCKS[4]!, type: "\x1b[2J", name: "\u202e" }], false);
  assertEquals(hostile, '- ␛[2J "<U+202E>"\n');
  const side = { label: "\x1b", hash: hashOf("a") };
  assertEquals(
    comparedText({ from: side, to: side, counts: COUNTS }),
    "No difference from ␛ (aaaaaaaa) to ␛ (aaaaaaaa)\n",
  );
});

Deno.test("colours mark added, removed and changed lines", () => {
  const lines = diffText([BLOCKS[0]!, BLOCKS[3]!, BLOCKS[4]!], true).split("\n");
  assertEquals(lines.slice(0, 5), [
    '\x1b[33m~ layer "roads"\x1b[0m',
    '    title: "a" → "b"',
    "\x1b[32m  + geometry.srid: 4326\x1b[0m",
    '\x1b[31m  - fields: {"id":{}}\x1b[0m',
    '\x1b[32m+ service "wfs"\x1b[0m',
  ]);
  assertEquals(lines.at(-2), "\x1b[31m- rate_limit\x1b[0m");
});

const PLAN = {
  to: { label: "/etc/honua/config.hcl", hash: hashOf("b") },
  activates: true,
  held: null,
  warnings: [],
  hooks: [
    { name: "judge", on: "check", does: "command", unit: null },
    { name: "server", on: "activated", does: "restart", unit: "honua.service" },
    { name: "cache", on: "activated", does: "reload-or-restart", unit: "cache.service" },
    { name: "news", on: "activated", does: "http", unit: null },
    { name: "poke", on: "activated", does: "signal", unit: null },
  ],
  noDiff: null,
};

async function planned(body: unknown, args: readonly string[] = [], status = 200) {
  await using daemon = await cannedDaemon(() => json(body, status));
  return await runRecorded(["plan", ...args, ...daemon.flags]);
}

const VALID = `/etc/honua/config.hcl: valid, hash ${hashOf("b")}`;

Deno.test("a plan shows the changes, the hooks that run and the servers that they restart", async () => {
  const { code, out, error } = await planned({ ...answered(), ...PLAN });
  assertEquals([code, error], [1, ""]);
  assertEquals(out.split("\n"), [
    VALID,
    HEAD,
    ...LINES,
    "A reload would put another snapshot in force, and run:",
    "  judge (a command, before it is in force)",
    "  server (restarts honua.service)",
    "  cache (reloads or restarts cache.service)",
    "  news (a request)",
    "  poke (a signal)",
    "",
  ]);
});

Deno.test("a plan without a change ends with 0; without a diff it says why; and it names the environment", async () => {
  const same = { ...PLAN, activates: false, hooks: [], ...answered([]) };
  const nothing = await planned(same);
  assertEquals([nothing.code, nothing.out.split("\n").at(-2)], [0, "Nothing to do: this is in force"]);
  const rotated = await planned({ ...same, activates: true });
  const why =
    "A reload would put another snapshot in force, because values of the environment changed, and run no hook";
  assertEquals([rotated.code, rotated.out.split("\n").at(-2)], [1, why]);
  const { code, out } = await planned({ ...PLAN, hooks: [], noDiff: "No history is kept" });
  const effect = "A reload would put another snapshot in force, and run no hook";
  assertEquals([code, out], [1, `${VALID}\nNo diff: No history is kept\n${effect}\n`]);
});

Deno.test("a plan of a file that is held says why, and ends with 1", async () => {
  const held = "The source is not put in force: ada rolled it back";
  const { code, out } = await planned({ ...answered(), ...PLAN, activates: false, hooks: [], held });
  assertEquals([code, out.split("\n").at(-2)], [1, `Held: ${held}`]);
  const later = await planned({ ...answered(), ...PLAN, activates: false, held: "it waits for its step" });
  assertStringIncludes(later.out, "Held: it waits for its step\nWhen it comes into force it runs:\n  judge (a command");
});

Deno.test("a plan as JSON is the daemon's answer, even if the source is not valid", async () => {
  const body = { ...answered(), ...PLAN };
  const { code, out } = await planned(body, ["--format", "json"]);
  assertEquals([code, JSON.parse(out)], [1, body]);
  const invalid = { status: 422, detail: "wrong", source: "x.hcl", diagnostics: [] };
  const rejected = await planned(invalid, ["--format", "json"], 422);
  assertEquals([rejected.code, JSON.parse(rejected.out), rejected.error], [1, invalid, "x.hcl: invalid\n"]);
  assertEquals((await planned({ detail: "gone" }, [], 503)).code, 3);
  assertEquals((await planned({ ...PLAN, hooks: 1 })).code, 3);
});
