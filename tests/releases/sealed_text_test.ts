// A sealed text comes back with its key and under its hash, and is nothing to anybody else.
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { type KeyRingFile, keyRingFile, newKey } from "../../src/releases/key_ring.ts";
import { packText } from "../../src/releases/packed_text.ts";
import { isSealed, MAX_SEAL_BYTES, seal, sealedParts, unseal } from "../../src/releases/sealed_text.ts";
import { readStoredForm, storedForm } from "../../src/releases/stored_text.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const HASH = "a".repeat(64);
const OTHER = "b".repeat(64);
const MAX = 10_000;

const secretOf = (byte: number) => new Uint8Array(32).fill(byte);
const id = fc.stringMatching(/^[a-z0-9-]{1,32}$/);

async function sealed(bytes: Uint8Array<ArrayBuffer>, key: { id: string; secret: Uint8Array<ArrayBuffer> }) {
  return new Uint8Array(Buffer.concat(await seal(bytes, HASH, key)));
}

Deno.test("any bytes come back under any id, and with no other hash, id or key", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), id, async (content, id) => {
    const key = { id, secret: secretOf(1) };
    const bytes = await sealed(new Uint8Array(content), key);
    assert(bytes.length <= content.length + MAX_SEAL_BYTES);
    const parts = sealedParts(bytes);
    assertEquals(parts?.id, id);
    assertEquals(await unseal(parts!, HASH, key), new Uint8Array(content));
    assertEquals(await unseal(parts!, OTHER, key), null);
    assertEquals(await unseal({ ...parts!, id: id === "x" ? "y" : "x" }, HASH, key), null);
    assertEquals(await unseal(parts!, HASH, { id, secret: secretOf(2) }), null);
  }));
});

Deno.test("a bit that is flipped, a cut and a continuation are refused, wherever they are", async () => {
  await using directory = await temporaryDirectory();
  const { line, id } = newKey(0);
  const keyFile = directory.file("keys");
  const keyRing = keyRingFile(keyFile);
  await Deno.writeTextFile(keyFile, line);
  const form = await storedForm(new TextEncoder().encode('layer "roads" {}'), { hash: HASH, keyRing });
  assert(form.ok);
  const bytes = new Uint8Array(Buffer.concat(form.bytes));
  const read = (bytes: Uint8Array<ArrayBuffer>) => readStoredForm(bytes, { hash: HASH, keyRing }, MAX);
  const whole = await read(bytes);
  assertEquals([whole.ok && whole.keyId, isSealed(bytes)], [id, true]);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assertEquals((await read(flipped)).ok, false, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    assertEquals((await read(bytes.slice(0, length))).ok, false, `cut after ${length}`);
  }
  assertEquals((await read(new Uint8Array([...bytes, 0]))).ok, false);
});

Deno.test("two seals of one text have nothing in common but the key's id", async () => {
  const key = { id: "k", secret: secretOf(1) };
  const [one, other] = await Promise.all([1, 2].map(() => sealed(new Uint8Array(100), key)));
  assertEquals(one!.subarray(0, 6), other!.subarray(0, 6));
  assert(Buffer.compare(one!.subarray(6, 18), other!.subarray(6, 18)) !== 0);
  assert(Buffer.compare(one!.subarray(18), other!.subarray(18)) !== 0);
});

Deno.test("a text that was not sealed is read with a key ring and without, and a sealed one says which key it needs", async () => {
  await using directory = await temporaryDirectory();
  const keyFile = directory.file("keys");
  const keyRing = keyRingFile(keyFile);
  const [old, young] = [newKey(Date.UTC(2026, 9)), newKey(Date.UTC(2026, 10))];
  assertEquals([old.id.slice(0, 8), young.id.slice(0, 8)], ["2026-10-", "2026-11-"]);
  const text = new TextEncoder().encode("honua {}");
  const plain = new Uint8Array(Buffer.concat(await packText(text)));
  const says = async (bytes: Uint8Array<ArrayBuffer>, keyRing: KeyRingFile | null) => {
    const read = await readStoredForm(bytes, { hash: HASH, keyRing }, MAX);
    return read.ok ? [new TextDecoder().decode(read.bytes), read.keyId] : [read.reason, read.message];
  };
  await Deno.writeTextFile(keyFile, `# of the fleet\n${old.line}\n`);
  assertEquals(await says(plain, null), ["honua {}", null]);
  assertEquals(await says(plain, keyRing), ["honua {}", null]);
  const form = await storedForm(text, { hash: HASH, keyRing });
  assert(form.ok);
  const bytes = new Uint8Array(Buffer.concat(form.bytes));
  const needs = `it needs the key ${old.id}`;
  assertEquals(await says(bytes, null), [
    "sealed",
    `cannot be opened: ${needs}, and Store:KeyFile names no key ring`,
  ]);
  // The newest seals, and all open.
  await Deno.writeTextFile(keyFile, `${old.line}\n${young.line}\n`);
  assertEquals(await says(bytes, keyRing), ["honua {}", old.id]);
  const later = await storedForm(text, { hash: HASH, keyRing });
  assert(later.ok);
  assertEquals(await says(new Uint8Array(Buffer.concat(later.bytes)), keyRing), ["honua {}", young.id]);
  await Deno.writeTextFile(keyFile, young.line);
  assertEquals(await says(bytes, keyRing), ["sealed", `cannot be opened: the key ${old.id} is missing in ${keyFile}`]);
  // A ring with another key of that id.
  await Deno.writeTextFile(keyFile, `${old.id} ${young.line.split(" ")[1]}`);
  assertEquals((await says(bytes, keyRing))[0], "damaged");
  await Deno.remove(keyFile);
  const gone = await says(bytes, keyRing);
  assertEquals(gone, ["sealed", `cannot be opened: ${needs}. The key ring ${keyFile} cannot be read: ENOENT`]);
  const refused = await storedForm(text, { hash: HASH, keyRing });
  assert(!refused.ok);
  assertStringIncludes(refused.message, "ENOENT");
});
