// The key ring and the history that it must open.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { sealing } from "../../src/doctor/sealing.ts";
import { historyDirectory } from "../../src/releases/history_directory.ts";
import { keyRingFile, newKey } from "../../src/releases/key_ring.ts";
import { openSourceHistory } from "../../src/releases/source_history.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { findingsAbout, findingsOf, levels, subjectWith } from "./subject.ts";

const [OLD, YOUNG] = [newKey(Date.UTC(2026, 9)), newKey(Date.UTC(2026, 10))];

async function openPlace() {
  const directory = await temporaryDirectory();
  const keyFile = directory.file("keys");
  return {
    keyFile,
    pathOf: (hash: string) => directory.file(`history/${hash.repeat(64)}.hcl.zst`),
    ring: (...lines: string[]) => Deno.writeTextFile(keyFile, lines.join("\n"), { mode: 0o600 }),
    async put(hash: string, keyFile: string | null) {
      await using history = openSourceHistory({
        directory: historyDirectory(directory.path, ""),
        keep: 20,
        maxBytes: 1e6,
        maxTextBytes: 1e6,
        keyRing: keyFile === null ? null : keyRingFile(keyFile),
        onTrouble: () => {},
      });
      await history.put({ hash: hash.repeat(64), format: "hcl", digest: hash, bytes: new Uint8Array(10) });
    },
    judged: (settings: Record<string, string> = { "Store:KeyFile": keyFile }) =>
      findingsOf(sealing, subjectWith({ "State:Directory": directory.path, ...settings })),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

Deno.test("without a key ring and a history there is nothing to say, and unsealed sources are well", async () => {
  await using place = await openPlace();
  assertEquals(await place.judged({}), []);
  await place.put("a", null);
  const [found] = await place.judged({});
  assertEquals([found?.level, found?.what], ["ok", "Sources of the history: 1 can be read (not sealed: 1)"]);
});

Deno.test("a key ring that opens all sources is well, and each key is named that sealed one", async () => {
  await using place = await openPlace();
  await place.ring(OLD.line);
  await place.put("a", place.keyFile);
  await place.ring(OLD.line, YOUNG.line);
  await place.put("b", place.keyFile);
  const [ring, history] = await place.judged();
  assertEquals([ring?.level, ring?.what], ["ok", `The key ring ${place.keyFile} has 2 keys; ${YOUNG.id} seals`]);
  assertEquals(history?.level, "ok");
  for (const { id } of [OLD, YOUNG]) assertStringIncludes(history!.what, `sealed with ${id}: 1`);
  await Deno.chmod(place.keyFile, 0o660);
  assertEquals(levels(await place.judged()), ["ok store/keys", "warning store/keys", "ok history/sources"]);
});

Deno.test("a key ring is to be made by key add only if that can succeed", async () => {
  await using place = await openPlace();
  const advice = async () => (await place.judged())[0]?.todo;
  const other = "Put the key ring of another instance there";
  assertEquals(await advice(), `${other}, or honua-configd key add`);
  await place.ring("");
  assertEquals(await advice(), `${other}, or honua-configd key add`);
  await place.ring("garbage");
  assertEquals(await advice(), other);
});

Deno.test("a key that is missing is an error with its id and a way to mend it, before damage is one", async () => {
  await using place = await openPlace();
  await place.ring(OLD.line);
  await place.put("a", place.keyFile);
  await place.put("b", null);
  await Deno.writeFile(place.pathOf("b"), new Uint8Array(100));
  await place.ring(YOUNG.line);
  const [, missing] = await place.judged();
  assertEquals([missing?.level, missing?.todo], [
    "error",
    "Put the key back into the key ring, from another instance or a copy",
  ]);
  assertStringIncludes(missing!.what, "2 of 2 cannot be read");
  assertStringIncludes(missing!.what, `the key ${OLD.id} is missing in ${place.keyFile}`);
  await place.ring(OLD.line);
  const [, damaged] = await place.judged();
  assertEquals(damaged?.level, "error");
  assertStringIncludes(damaged!.what, `${place.pathOf("b")} is damaged`);
});

Deno.test("a key ring that cannot be used is an error, and for a user who may not read it a note", async () => {
  await using place = await openPlace();
  assertEquals(levels(await place.judged()), ["error store/keys"]);
  await place.ring("nonsense");
  const [found] = await place.judged();
  assertEquals(found?.level, "error");
  assertStringIncludes(found!.what, "line 1: a key is ID BASE64");
  const ring = { ok: false, message: "The key ring /k cannot be read: EACCES" } as const;
  const texts = { count: 1, opened: [] };
  assertEquals(levels(findingsAbout(sealing, { ring, texts })), ["note store/keys"]);
});
