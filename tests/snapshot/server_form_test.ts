// The server form's file: it proves itself, and no change of it goes unnoticed.
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import fc, { anyCharacter } from "fast-check";
import { sealServerForm, verifyServerForm } from "../../src/snapshot/server_form.ts";
import { MAX_SNAPSHOT_BYTES } from "../../src/snapshot/snapshot.ts";
import { sealSnapshot } from "./sealed_once.ts";
import { bytesOf, serverFormOf } from "./server_form_once.ts";

const snapshot = await sealSnapshot({ services: {} }, { services: {} });
const form = await serverFormOf(snapshot);
const bytes = bytesOf(form);
const text = new TextDecoder().decode(bytes);

const encode = (text: string) => new TextEncoder().encode(text);

async function faultOf(text: string): Promise<string | null> {
  const verification = await verifyServerForm(encode(text));
  return verification.ok ? null : verification.reason;
}

Deno.test("the first line has the snapshot's hashes, and the digest of all that follows", async () => {
  const body = text.slice(text.indexOf("\n") + 1);
  const digest = createHash("sha256").update(body).digest("hex");
  const { hash, contentHash } = snapshot;
  assertEquals(
    text.split("\n")[0],
    `# honua-configd server form 1 hash=${hash} contentHash=${contentHash} body=sha256:${digest}`,
  );
  assertEquals(form.byteLength, bytes.length);
  const verification = await verifyServerForm(bytes);
  assert(verification.ok);
  const { format, ...digests } = verification.header;
  assertEquals([format, digests], [1, { hash, contentHash, body: digest as typeof hash }]);
});

Deno.test("a body of any text is proven", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: anyCharacter, maxLength: 200 }), async (body) => {
      assert((await verifyServerForm(bytesOf(await serverFormOf(snapshot, body)))).ok);
    }),
    { numRuns: 50 },
  );
});

Deno.test("every byte that is changed, cut off or added is noticed, but for the two hashes, which are another file's", async () => {
  const hashes = [text.indexOf("hash="), text.indexOf(" body=")] as const;
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    const { ok } = await verifyServerForm(changed);
    assert(!ok || (at > hashes[0] && at < hashes[1]), `byte ${at}`);
    assertEquals((await verifyServerForm(bytes.subarray(0, at))).ok, false, `${at} bytes`);
  }
  assertEquals(await faultOf(`${text}x`), "content-differs");
  assertEquals(await faultOf(`\n${text}`), "no-header");
  assertEquals(await faultOf(`\ufeff${text}`), "no-header");
});

Deno.test("a newer format differs from damage, and a file of no format from both", async () => {
  const title = "# honua-configd server form";
  assertEquals(await faultOf(text.replace("form 1", "form 2")), "newer-format");
  assertEquals(await faultOf(`${title} 99 whatever=x\nall else\n`), "newer-format");
  assertEquals(await faultOf(`${title} 99\n`), "newer-format");
  for (const line of ["", "honua = {", `${title}`, `${title} 0`, `${title} 1`, `${title} 1e3`, `${title} 1 hash=x`]) {
    assertEquals(await faultOf(`${line}\n`), "no-header", line);
  }
  assertEquals(await faultOf(text.split("\n")[0]!), "no-header");
  assertEquals(await faultOf(text.replace("hash=", "hash=A")), "no-header");
  assertEquals(await faultOf(`# ${"x".repeat(1_000)}\n`), "no-header");
});

Deno.test("a file that is too large is not read", async () => {
  const verification = await verifyServerForm(new Uint8Array(MAX_SNAPSHOT_BYTES + 1));
  assertEquals(verification, { ok: false, reason: "too-large" });
});

Deno.test("the digest of a body in pieces is that of the whole, and making it rests between them", async () => {
  const pieces = Array.from({ length: 64 }, (_, at) => encode(`${at} `.repeat(1_000)));
  const byteLength = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let rests = 0;
  const pace = { isSpent: () => true, rest: () => Promise.resolve(void rests++) };
  const sealed = await sealServerForm({ pieces, byteLength }, snapshot, pace);
  const digest = createHash("sha256").update(new Uint8Array(pieces.flatMap((piece) => [...piece]))).digest("hex");
  assertEquals<string>(sealed.header.body, digest);
  assertEquals(rests, 64);
  assert((await verifyServerForm(bytesOf(sealed))).ok);
});

Deno.test("a verification that is given up ends with the reason", async () => {
  const pace = { isSpent: () => true, rest: () => Promise.reject(new Error("given up")) };
  assertEquals(await verifyServerForm(bytes, pace).catch((error) => error.message), "given up");
});

Deno.test("the first line of a newer format is found up to its bound, and its number may have fifteen digits", async () => {
  const title = "# honua-configd server form";
  const line = (length: number) => `${title} 2 `.padEnd(length, "x");
  assertEquals(await faultOf(`${line(511)}\nbody`), "newer-format");
  assertEquals(await faultOf(`${line(512)}\nbody`), "no-header");
  assertEquals(await faultOf(`${title} ${"9".repeat(15)}\n`), "newer-format");
  assertEquals(await faultOf(`${title} ${"9".repeat(16)}\n`), "no-header");
  assertEquals(await faultOf(`${title} 2x\n`), "no-header");
  assertEquals(await faultOf(`x${text}`), "no-header");
  assertEquals(await faultOf(text.replace("\n", " more=x\n")), "no-header");
  assertEquals(await faultOf(text.replace(" hash=", " more=x hash=")), "no-header");
  for (const name of ["hash", "contentHash", "body"]) {
    assertEquals(await faultOf(text.replace(new RegExp(` ${name}=`), ` ${name}=0`)), "no-header", name);
    assertEquals(await faultOf(text.replace(new RegExp(` ${name}=\\S+`), "")), "no-header", name);
  }
});

Deno.test("a file as large as may be is looked at", async () => {
  assertEquals(await verifyServerForm(new Uint8Array(MAX_SNAPSHOT_BYTES)), { ok: false, reason: "no-header" });
});

Deno.test("a verification asks for a rest after each megabyte of the body, and rests only if the turn is spent", async () => {
  const megabytes = bytesOfLong(3 * 1024 * 1024 + 1);
  for (const isSpent of [true, false]) {
    let [asked, rests] = [0, 0];
    const pace = { isSpent: () => (asked++, isSpent), rest: () => Promise.resolve(void rests++) };
    assertEquals((await verifyServerForm(await megabytes, pace)).ok, true);
    assertEquals([asked, rests], [4, isSpent ? 4 : 0]);
  }
});

async function bytesOfLong(length: number): Promise<Uint8Array> {
  const { pieces } = await serverFormOf(snapshot, "x".repeat(length));
  return new Uint8Array(await new Blob([...pieces]).arrayBuffer());
}
