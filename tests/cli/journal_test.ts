// `honua-configd journal` and `journal verify`, on files as the daemon writes them.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { showJournal, type ShowRequest } from "../../src/cli/journal.ts";
import { digestOf } from "../../src/releases/journal_line.ts";
import { openJournal } from "../../src/releases/journal.ts";
import { chain, chainOf, MOMENT, writeFiles } from "../releases/journal_writing.ts";
import { eventually } from "../support/eventually.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { cannedDaemon, json, keepingTerminal, peerWith, statusWith } from "./canned_daemon.ts";

const sha = (line: string) => digestOf(new TextEncoder().encode(line));
const HASH = "abcdef12".repeat(8);

async function journal({ path }: TemporaryDirectory, ...args: readonly string[]) {
  return await runRecorded(["journal", ...args, "--set", `State:Directory=${path}`]);
}

Deno.test("journal shows a line for each entry: time, kind, release, person, reason and outcome", async () => {
  await using directory = await temporaryDirectory();
  const lines = chainOf([
    { kind: "started" },
    { kind: "rolled-back", release: 41, hash: HASH, who: "ann\x1b[2J", why: "tiles are empty", outcome: "done" },
  ]);
  await writeFiles(directory, lines, 9);
  assertEquals(await journal(directory), {
    code: 0,
    out: "2026-03-01T12:00:00.000Z started\n" +
      "2026-03-01T12:01:00.000Z rolled-back release 41 abcdef12 by ann [2J: tiles are empty (done)\n",
    error: "",
  });
  assertEquals((await journal(directory, "--format", "json")).out, lines.map((line) => `${line}\n`).join(""));
});

Deno.test("journal shows the newest lines over all files, as many as are asked for and since when", async () => {
  await using directory = await temporaryDirectory();
  await writeFiles(directory, chain(8), 3);
  const releases = async (...args: readonly string[]) =>
    [...(await journal(directory, ...args)).out.matchAll(/release (\d)/g)].map(([, one]) => one).join("");
  assertEquals(await releases(), "12345678");
  assertEquals(await releases("--limit", "4"), "5678");
  assertEquals(await releases("--since", "2026-03-01T12:04:00Z"), "5678");
  assertEquals(await releases("--since", "2026-03-01T12:04:00Z", "--limit", "1"), "8");
  // As if the youngest file were rotated after it was read.
  await Deno.copyFile(directory.file("journal.jsonl"), directory.file("journal.1.jsonl"));
  assertEquals(await releases(), "12378");
});

Deno.test("a journal that is not there or cannot be read is 3, and text that is no line is pointed at", async () => {
  await using directory = await temporaryDirectory();
  const missing =
    `There is no journal in ${directory.path}: the daemon begins one when it starts, or with its next line\n`;
  assertEquals(await journal(directory), { code: 3, out: "", error: missing });
  assertEquals(await journal(directory, "verify"), { code: 3, out: "", error: missing });
  await writeFiles(directory, [...chain(1), "{}"], 9);
  const { code, error } = await journal(directory);
  assertEquals([code, error], [0, "1 of the lines cannot be read: `journal verify` names the first\n"]);
  await Deno.remove(directory.file("journal.jsonl"));
  await Deno.mkdir(directory.file("journal.jsonl"));
  for (const args of [[], ["verify"]]) {
    const { code, error } = await journal(directory, ...args);
    assertEquals(code, 3);
    assertStringIncludes(error, "cannot be read: NOT_A_FILE");
  }
});

Deno.test("flags of the other use are wrong usage, and so is an invalid moment", async () => {
  await using directory = await temporaryDirectory();
  for (const args of [["--peers"], ["verify", "--follow"], ["--since", "yesterday"], ["check"]]) {
    assertEquals((await journal(directory, ...args)).code, 2, args.join(" "));
  }
});

Deno.test("journal verify ends with 0 for a whole chain, and with 1 and the place for one that is not", async () => {
  await using directory = await temporaryDirectory();
  const lines = chain(5);
  await writeFiles(directory, lines, 3);
  assertEquals(await journal(directory, "verify"), {
    code: 0,
    out: "5 lines, 1 to 5: the chain is whole\nIf lines were cut off at its end, only --peers shows it\n",
    error: "",
  });
  const { out } = await journal(directory, "verify", "--format", "json");
  assertEquals(JSON.parse(out), { ok: true, lines: 5, first: 1, newest: { n: 5, digest: sha(lines[4]!) } });
  await writeFiles(directory, [...lines.slice(0, 3), lines[4]!], 3);
  assertEquals(await journal(directory, "verify"), {
    code: 1,
    out: `${directory.file("journal.jsonl")}:1 has the number 5 after 3: lines were removed, added or moved\n`,
    error: "",
  });
});

Deno.test("journal verify --peers finds a tail that was cut off or written again, by the notes of other instances", async () => {
  await using directory = await temporaryDirectory();
  const lines = chain(4);
  await writeFiles(directory, lines.slice(0, 3), 9);
  const noted = (by: string, n: number, digest = sha(lines[n - 1]!)) => ({ by, n, digest });
  const asked = async (journalNoted: unknown) => {
    const peers = [peerWith({ instance: "edge-2" }), { ...peerWith({ self: true }), journalNoted }];
    await using daemon = await cannedDaemon(() => json({ peers }));
    return await journal(directory, "verify", "--peers", ...daemon.flags);
  };
  const whole = "3 lines, 1 to 3: the chain is whole\n";
  assertEquals(await asked([noted("edge-2", 2), noted("edge-3", 3)]), {
    code: 0,
    out: `${whole}2 instances noted lines that are here\n`,
    error: "",
  });
  assertEquals((await asked([])).out, `${whole}No other instance noted a line of it yet\n`);
  assertEquals(await asked([noted("edge-2", 2), noted("edge-3", 3, "0".repeat(64)), noted("edge-4", 4)]), {
    code: 1,
    out: `${whole}edge-3 noted line 3, which is another line here\nedge-4 noted line 4, which is missing here\n` +
      "1 instance noted lines that are here\n",
    error: "",
  });
  assertEquals((await asked(undefined)).code, 3);
  await Deno.remove(directory.file("journal.jsonl"));
  assertEquals((await asked([noted("edge-4", 4)])).code, 1);
});

Deno.test("the journal of the daemon behind a socket is read, wherever that has its state", async () => {
  await using directory = await temporaryDirectory();
  await writeFiles(directory, chain(2), 9);
  const answer = () => json(statusWith({ stateDirectory: directory.path }));
  await using daemon = await cannedDaemon(answer);
  const { code, out } = await runRecorded(["journal", "verify", ...daemon.flags]);
  assertEquals([code, out.split("\n")[0]], [0, "2 lines, 1 to 2: the chain is whole"]);
  const away = await runRecorded(["journal", "--socket", directory.file("none.sock")]);
  assertEquals([away.code, away.out], [3, ""]);
});

Deno.test("journal --follow shows lines as they come, also over a rotation, until it is stopped", async () => {
  await using directory = await temporaryDirectory();
  const { terminal, out, error } = keepingTerminal();
  const stop = new AbortController();
  const request: ShowRequest = {
    address: { socket: null, optionsFile: null, url: null, tokenFile: null, caFile: null },
    set: [`State:Directory=${directory.path}`],
    unit: "honua-configd.service",
    format: "text",
    follow: true,
    since: null,
    limit: 100,
  };
  const following = showJournal(request, terminal, stop.signal);
  await using writer = openJournal({ directory: directory.path, now: () => MOMENT, maxBytes: 1_000, onTrouble() {} });
  for (let release = 1; release <= 9; release++) {
    writer.append({ kind: "activated", release });
    if (release % 3 === 0) await eventually(`release ${release} is shown`, () => out.length === release);
  }
  stop.abort();
  assertEquals(await following, 0);
  assertEquals([out.map((line) => line.trim().slice(-1)).join(""), error], ["123456789", []]);
  assertStringIncludes((await Array.fromAsync(Deno.readDir(directory.path))).map(({ name }) => name).join(), ".1.");
});
