// `honua-configd history` and `show`, over a daemon and over its files on the disk.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { historyDirectory, makeHistoryDirectory } from "../../src/releases/history_directory.ts";
import { keyRingFile, newKey } from "../../src/releases/key_ring.ts";
import { type KeptReleases, NO_RELEASES, type Release } from "../../src/releases/release.ts";
import { openReleaseFile } from "../../src/releases/release_file.ts";
import { openSourceHistory } from "../../src/releases/source_history.ts";
import { listedRelease } from "../../src/releases/history_list.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { cannedDaemon, hashOf, json } from "./canned_daemon.ts";

const TEXT = '\ufeffservice "odata" {\r\n  enabled = true\r\n}\r\nsource "s" {\n  type = "postgres"\n  host = "ö"\n}\n';

function release(number: number, hash: string, given: Partial<Release> = {}): Release {
  return {
    number,
    hash: hashOf(hash),
    format: "hcl",
    digest: null,
    at: `2026-03-01T12:${number}:00.000Z`,
    until: `2026-03-01T12:${number + 1}:00.000Z`,
    cause: "file",
    author: null,
    reason: null,
    state: "replaced",
    changes: null,
    ...given,
  };
}

const KEPT: KeptReleases = {
  ...NO_RELEASES,
  nextNumber: 44,
  list: [
    release(41, "a", { state: "healthy", changes: { added: 1, removed: 0, changed: 3 } }),
    release(42, "b", { state: "rolled-back", cause: "operator", author: "bob\x1b[2J" }),
    release(43, "a", { until: null, state: "running", cause: "rollback", author: "anna", reason: "tiles are empty" }),
  ],
  skips: [{ hash: hashOf("b"), by: "anna", at: "2026-03-01T12:43:00.000Z", reason: "tiles are empty", scope: "fleet" }],
};
const LISTED = KEPT.list.toReversed().map((one) => listedRelease(one, KEPT));

/** Shows the numbers, and that a table has no line that ends in spaces. */
const TABLE = [
  "   RELEASE  HASH      IN FORCE SINCE        FOR    STATE        BY               CHANGES   REASON",
  "*  43       aaaaaaaa  2026-03-01 12:43:00Z  LONG  running      anna (rollback)  -         tiles are empty",
  "   42       bbbbbbbb  2026-03-01 12:42:00Z  1 min  rolled back  bob [2J (reload)  -",
  "   41       aaaaaaaa  2026-03-01 12:41:00Z  1 min  healthy      file             +1 −0 ~3",
];

const columnsOf = (text: string) => text.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));

/** A state directory as a daemon leaves it. */
async function leftOnDisk({ path }: TemporaryDirectory, keyFile: string | null = null): Promise<void> {
  const directory = historyDirectory(path, "");
  await makeHistoryDirectory(directory);
  await using file = await openReleaseFile({ directory, onTrouble: () => {} });
  await file.write(KEPT);
  const bounds = { keep: 9, maxBytes: 9e6, maxTextBytes: 9e6, keyRing: keyFile === null ? null : keyRingFile(keyFile) };
  await using texts = openSourceHistory({ directory, ...bounds, onTrouble: () => {} });
  const bytes = new TextEncoder().encode(TEXT);
  await texts.put({ hash: hashOf("a"), format: "hcl", digest: hashOf("0"), bytes });
}

Deno.test("history lists the releases with their time in force, person and outcome", async () => {
  await using daemon = await cannedDaemon(() => json({ releases: LISTED }));
  const { code, out, error } = await runRecorded(["history", "--limit", "3", ...daemon.flags]);
  assertEquals([code, error], [0, ""]);
  const shown = out.replace(/\d+ (?:d|h|min) {2}running/, "LONG  running");
  assertEquals(
    columnsOf(shown),
    columnsOf(TABLE.join("\n")).map((row) => row.map((cell) => cell.replace("bob ", "bob␛"))),
  );
  assertEquals(daemon.asked.map(({ what }) => what), ["GET /admin/releases"]);
  const asJson = await runRecorded(["history", "--format", "json", ...daemon.flags]);
  assertEquals(JSON.parse(asJson.out), { releases: LISTED });
  for (const limit of ["0", "1003"]) {
    assertEquals((await runRecorded(["history", "--limit", limit, ...daemon.flags])).code, 2);
  }
});

Deno.test("history and show read the daemon's files if it does not answer, and say so", async () => {
  await using directory = await temporaryDirectory();
  const flags = ["--socket", directory.file("admin.sock"), "--set", `State:Directory=${directory.path}`];
  const nothing = await runRecorded(["history", ...flags]);
  assertEquals([nothing.code, nothing.out], [3, ""]);
  assertStringIncludes(nothing.error, `No history of releases was found in ${directory.file("history")}`);
  await Deno.mkdir(directory.file("history/releases.json"), { recursive: true });
  const wrong = await runRecorded(["history", ...flags]);
  assertEquals([wrong.code, wrong.out, wrong.error.split("\n").length], [3, "", 3], wrong.error);
  assertStringIncludes(wrong.error, `${directory.file("history/releases.json")} cannot be read: `);
  await Deno.remove(directory.file("history/releases.json"));
  await leftOnDisk(directory);
  const { code, out, error } = await runRecorded(["history", "--format", "json", "--limit", "2", ...flags]);
  assertEquals([code, JSON.parse(out)], [0, { releases: LISTED.slice(0, 2) }]);
  assertStringIncludes(error, "Nothing answers at ");
  assertStringIncludes(error, `The daemon left this history in ${directory.file("history")}:\n`);
  for (const reference of ["43", "aaaaaaaa", hashOf("A")]) {
    const shown = await runRecorded(["show", reference, ...flags]);
    assertEquals([shown.code, shown.out], [0, TEXT], reference);
  }
  assertEquals((await runRecorded(["show", "43", "--output", "-", ...flags])).out, TEXT);
  const file = directory.file("written.hcl");
  const written = await runRecorded(["show", "43", "--output", file, ...flags]);
  assertStringIncludes(written.error, `Wrote ${file}: the source of release 43\n`);
  assertEquals([written.code, await Deno.readTextFile(file), (await Deno.stat(file)).mode! & 0o777], [0, TEXT, 0o600]);
  assertEquals((await runRecorded(["show", "7", ...flags])).code, 1);
  const lost = await runRecorded(["show", "42", ...flags]);
  assertEquals([lost.code, lost.out], [3, ""]);
  assertStringIncludes(lost.error, "has no source of bbbb");
});

Deno.test("show opens a sealed source with the key ring of the options, or names the key that is missing", async () => {
  await using directory = await temporaryDirectory();
  const [old, young] = [newKey(0), newKey(1e11)];
  const keyFile = directory.file("keys");
  await Deno.writeTextFile(keyFile, old.line);
  await leftOnDisk(directory, keyFile);
  const flags = ["--socket", directory.file("admin.sock"), "--set", `State:Directory=${directory.path}`];
  const show = (...more: string[]) => runRecorded(["show", "43", ...flags, ...more]);
  const withRing = ["--set", `Store:KeyFile=${keyFile}`];
  assertEquals((await show(...withRing)).out, TEXT);
  const without = await show();
  assertEquals([without.code, without.out], [3, ""]);
  assertStringIncludes(without.error, `it needs the key ${old.id}, and Store:KeyFile names no key ring`);
  await Deno.writeTextFile(keyFile, young.line);
  assertStringIncludes((await show(...withRing)).error, `the key ${old.id} is missing in ${keyFile}`);
});

Deno.test("show prints the source byte for byte, or the masked snapshot that it makes", async () => {
  const source = `${TEXT}service "wms" {\n  enabled = false\n  title = "\${env:V}"\n}\n`;
  await using daemon = await cannedDaemon(({ url }) =>
    url.endsWith("/source") ? new Response(source) : json({ format: "hcl" })
  );
  const plain = await runRecorded(["show", "41", ...daemon.flags]);
  assertEquals(plain, { code: 0, out: source, error: "" });
  assertEquals(daemon.asked.map(({ what }) => what), ["GET /admin/releases/41/source"]);
  const snapshot = await runRecorded(["show", "41", "--snapshot", ...daemon.flags], { environment: { V: "hunter2" } });
  assertEquals([snapshot.code, JSON.stringify(snapshot).includes("hunter2")], [0, false]);
  assertEquals(Object.hasOwn(JSON.parse(snapshot.out), "$snapshot"), true);
  const unset = await runRecorded(["show", "41", "--snapshot", ...daemon.flags]);
  assertEquals([unset.code, unset.out], [1, ""]);
  assertStringIncludes(unset.error, "release 41:");
});

Deno.test("show of an unknown release ends with 1, of an unreadable one with 3, and prints nothing", async () => {
  const cases = [
    [json({ code: "admin/no-release" }, 404), 1, "is 41: honua-configd history lists them\n"],
    [json({ code: "admin/not-found", detail: "nothing" }, 404), 3, "answers: nothing"],
    [json({ code: "admin/source-unreadable", detail: "it is damaged" }, 503), 3, "it is damaged"],
  ] as const;
  for (const [response, ends, says] of cases) {
    await using daemon = await cannedDaemon(() => response.clone());
    const { code, out, error } = await runRecorded(["show", "41", ...daemon.flags]);
    assertEquals([code, out], [ends, ""]);
    assertStringIncludes(error, says);
  }
  for (const reference of ["../status", "abc", "0", "x".repeat(64)]) {
    assertEquals((await runRecorded(["show", reference])).code, 2, reference);
  }
});
