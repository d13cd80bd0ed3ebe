// After a rotation of the key the history is sealed with the newest one, and no text is lost by that.
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { hostFileSystem } from "../../src/host/atomic_write.ts";
import { historyDirectory } from "../../src/releases/history_directory.ts";
import { keyRingFile, newKey } from "../../src/releases/key_ring.ts";
import { sealedParts } from "../../src/releases/sealed_text.ts";
import { openSourceHistory, type ReleaseText, type SourceHistory } from "../../src/releases/source_history.ts";
import { turn } from "../support/fake_clock.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const [A, B, C] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string];
const [OLD, YOUNG] = [newKey(Date.UTC(2026, 9)), newKey(Date.UTC(2026, 10))];

function source(hash: string, text: string): ReleaseText {
  const bytes = new TextEncoder().encode(text);
  return { hash, format: "hcl", bytes, digest: createHash("sha256").update(bytes).digest("hex") };
}

async function textOf(history: SourceHistory, hash: string): Promise<string> {
  const read = await history.text(hash);
  return read.ok ? new TextDecoder().decode(read.bytes) : read.message;
}

/** A state directory with a key ring, whose next write can be held up. */
async function openPlace() {
  const directory = await temporaryDirectory();
  const keyFile = directory.file("keys");
  const place = { held: null as Promise<void> | null, renames: 0, troubles: [] as (string | null)[] };
  const fileSystem = {
    ...hostFileSystem,
    async rename(from: string, to: string) {
      place.renames++;
      const { held } = place;
      place.held = null;
      await held;
      await hostFileSystem.rename(from, to);
    },
  };
  const pathOf = (hash: string) => directory.file(`history/${hash}.hcl.zst`);
  return Object.assign(place, {
    keyFile,
    pathOf,
    ring: (...lines: string[]) => Deno.writeTextFile(keyFile, lines.join("\n")),
    keyOf: (hash: string) => sealedParts(Deno.readFileSync(pathOf(hash)))?.id ?? null,
    open: (file: string | null = keyFile) =>
      openSourceHistory({
        directory: historyDirectory(directory.path, "", fileSystem),
        keep: 20,
        maxBytes: 1_000_000,
        maxTextBytes: 10_000,
        keyRing: file === null ? null : keyRingFile(file),
        onTrouble: (line) => place.troubles.push(line),
      }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  });
}

Deno.test("after a rotation all texts are sealed with the newest key, those from before the key ring too", async () => {
  await using place = await openPlace();
  await using plain = place.open(null);
  assertEquals([await plain.put(source(A, "a")), await plain.reseal()], [{ ok: true }, { count: 0, message: null }]);
  await place.ring(OLD.line);
  await using history = place.open();
  await history.put(source(B, "b"));
  assertEquals([place.keyOf(A), place.keyOf(B)], [null, OLD.id]);
  assertEquals(await history.reseal(), { count: 1, message: null });
  await place.ring(OLD.line, YOUNG.line);
  assertEquals(await history.reseal(), { count: 2, message: null });
  assertEquals([place.keyOf(A), place.keyOf(B)], [YOUNG.id, YOUNG.id]);
  const { renames } = place;
  assertEquals([await history.reseal(), place.renames], [{ count: 0, message: null }, renames]);
  await place.ring(YOUNG.line);
  assertEquals([await textOf(history, A), await textOf(history, B)], ["a", "b"]);
  assertEquals((Deno.statSync(place.pathOf(A)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("a text whose key is missing stays unchanged, is named, and is sealed again when the key is back", async () => {
  await using place = await openPlace();
  await place.ring(OLD.line);
  await using history = place.open();
  await history.put(source(A, "a"));
  await place.ring(YOUNG.line);
  await history.put(source(B, "b"));
  const message = `${place.pathOf(A)} cannot be opened: the key ${OLD.id} is missing in ${place.keyFile}`;
  assertEquals([await history.reseal(), await textOf(history, A)], [{ count: 0, message }, message]);
  await place.ring(OLD.line, YOUNG.line);
  assertEquals([await history.reseal(), await textOf(history, A)], [{ count: 1, message: null }, "a"]);
});

Deno.test("without a usable key ring nothing is written, and the text waits in memory until there is one", async () => {
  await using place = await openPlace();
  await using history = place.open();
  const put = await history.put(source(A, "a"));
  const message = `cannot write the history: The key ring ${place.keyFile} cannot be read: ENOENT`;
  assertEquals([put, place.troubles], [{ ok: false, message }, [`${message}; it is tried again`]]);
  assertEquals([await textOf(history, A), place.renames], ["a", 0]);
  await place.ring(YOUNG.line);
  assertEquals([await history.put(source(A, "a")), place.keyOf(A)], [{ ok: true }, YOUNG.id]);
});

Deno.test("a text that is put while its former spelling is sealed again is the one that stays", async () => {
  await using place = await openPlace();
  await place.ring(OLD.line);
  await using history = place.open();
  await using other = place.open();
  await history.put(source(A, "old"));
  await place.ring(OLD.line, YOUNG.line);
  const { promise, resolve } = Promise.withResolvers<void>();
  place.held = promise;
  const before = place.renames;
  const resealing = history.reseal();
  while (place.renames === before) await turn();
  const put = history.put(source(A, "new"));
  // As long as the put would take if it did not wait.
  for (const hash of [B, C]) await other.put(source(hash, "other"));
  resolve();
  await Promise.all([resealing, put]);
  assertEquals([await textOf(history, A), place.keyOf(A)], ["new", YOUNG.id]);
});
