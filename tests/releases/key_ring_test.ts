// The file of the keys: its form, and that no message quotes it.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  keyRingFile,
  type KeyTextRead,
  MAX_KEY_RING_BYTES,
  newKey,
  parseKeys,
  ringModeTrouble,
} from "../../src/releases/key_ring.ts";
import { turn } from "../support/fake_clock.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const SECRET = "q".repeat(43) + "=";
const FORM = "a key is ID BASE64: an id of 1 to 32 characters of a-z, 0-9 and -, and 32 bytes in base64";

Deno.test("keys are read in their order, with comments, empty lines and lines of Windows between them", () => {
  const parsed = parseKeys(`# first\r\n\r\na ${SECRET}\r\n  b-2\t ${SECRET}\n`);
  assert(parsed.ok);
  assertEquals(parsed.keys.map(({ id, secret }) => [id, secret.length]), [["a", 32], ["b-2", 32]]);
  assertEquals(parseKeys(" \n# nothing"), { ok: true, keys: [] });
});

Deno.test("a line that is no key, and an id twice, are named by their line and never quoted", () => {
  const wrong = [
    SECRET,
    `A ${SECRET}`,
    `${"a".repeat(33)} ${SECRET}`,
    `a ${SECRET.slice(1)}`,
    `a ${SECRET.slice(0, -1)}`,
    `a ${"q".repeat(22)}==`,
    `a ${SECRET} ${SECRET}`,
    `a ${SECRET.replace("q", "-")}`,
    `a:${SECRET}`,
  ];
  for (const line of wrong) assertEquals(parseKeys(`\n${line}\n`), { ok: false, what: `line 2: ${FORM}` }, line);
  assertEquals(parseKeys(`a ${SECRET}\na ${SECRET}`), { ok: false, what: "line 2: there are two keys a" });
  fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => {
    const parsed = parseKeys(text);
    assert(parsed.ok || parsed.what.endsWith(FORM));
  }));
});

Deno.test("a ring that cannot be read or has no key is a reason with the path", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("keys");
  const says = async () => {
    const read = await keyRingFile(path).read();
    return read.ok ? read.ring.keys.map(({ id }) => id).join() : read.message;
  };
  assertEquals(await says(), `The key ring ${path} cannot be read: ENOENT`);
  await Deno.writeTextFile(path, "# later\n");
  assertEquals(await says(), `The key ring ${path} has no key: honua-configd key add makes one`);
  await Deno.writeTextFile(path, `a ${SECRET}\nnonsense`);
  assertEquals(await says(), `The key ring ${path} cannot be used: line 2: ${FORM}`);
  await Deno.writeTextFile(path, "#".repeat(MAX_KEY_RING_BYTES + 1));
  assertEquals(await says(), `The key ring ${path} is larger than ${MAX_KEY_RING_BYTES} bytes`);
  await Deno.writeTextFile(path, `a ${SECRET}\nb ${SECRET}`);
  assertEquals(await says(), "a,b");
  await Deno.remove(path);
  assert((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
  assertEquals(await says(), `The key ring ${path} is not a file`);
});

Deno.test("a mode that lets others read or a group write is reported", () => {
  const judged = [0o600, 0o640, 0o400, 0o644, 0o660, 0o601].map((mode) => ringModeTrouble({ path: "/k", mode }));
  const said = (mode: string) =>
    `The key ring /k has mode ${mode}: accounts that should not can read or replace the keys`;
  assertEquals(judged, [null, null, null, said("0644"), said("0660"), said("0601")]);
});

Deno.test("a new key has an id of its month, a secret of 32 random bytes, and is a line that is read", () => {
  const [one, other] = [newKey(Date.UTC(2026, 10, 30)), newKey(Date.UTC(2026, 10, 30))];
  assert(/^2026-11-[0-9a-f]{4}$/.test(one.id));
  const parsed = parseKeys(`${one.line}\n${other.line.replace(other.id, "x")}`);
  assert(parsed.ok);
  assertEquals(parsed.keys.map(({ id }) => id), [one.id, "x"]);
  assert(parsed.keys[0]!.secret.join() !== parsed.keys[1]!.secret.join());
});

Deno.test("uses of a file system that does not answer share one read and end in time, and the next one is new", async () => {
  let reads = 0;
  const hanging = Promise.withResolvers<KeyTextRead>();
  const ring = keyRingFile("/k", {
    readText: () => ++reads === 1 ? hanging.promise : Promise.resolve({ ok: true, mode: 0o600, text: `a ${SECRET}` }),
    limitMilliseconds: 1,
  });
  const message = "The key ring /k cannot be read: ETIMEDOUT";
  for (let use = 0; use < 3; use++) {
    const read = await ring.read();
    assertEquals([read.ok || read.message, reads], [message, 1]);
  }
  hanging.resolve({ ok: false, message: "gone", code: "ESTALE" });
  await hanging.promise;
  await turn();
  assertEquals([(await ring.read()).ok, reads], [true, 2]);
});
