// Real files for the behaviour of a file system; faults that no test can cause come in through `open`.
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import type { OpenedFile } from "../../src/host/regular_file.ts";
import { decodeSource, identifyFile, readSource, type SourceRead } from "../../src/source/source_file.ts";
import { inDirectory } from "./watching.ts";

const encode = (text: string) => new TextEncoder().encode(text);

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function refusal(read: SourceRead | Awaited<ReturnType<typeof decodeSource>>) {
  assert(!read.ok, "was accepted");
  assert(read.diagnostic.severity === "error" && read.diagnostic.why && read.diagnostic.suggestion);
  return { ...read.diagnostic, digest: read.digest };
}

const NUMBERS = { dev: 1, ino: 1, mode: 0, nlink: 1, uid: 0, gid: 0, size: 0, mtimeMs: 0, ctimeMs: 0, birthtimeMs: 0 };

/** An open regular file of unknown size that reads as a test wants. */
function opened(read: OpenedFile["read"], numbers: typeof NUMBERS = NUMBERS): OpenedFile {
  const kinds = { isFile: () => true, isDirectory: () => false, isFIFO: () => false, isSocket: () => false };
  return {
    stat: () => Promise.resolve({ ...numbers, ...kinds }),
    read,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("a file is read once: its text, the digest of its bytes, and its identity as identify tells it", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "\uFEFFhonua {\r\n}\r\n");
    const read = await readSource(path);
    assert(read.ok);
    assertEquals(read.text, "honua {\r\n}\r\n");
    assertEquals(read.digest, await sha256(await Deno.readFile(path)));
    assertEquals([read.path, read.realPath], [path, path]);
    assertEquals(read.identity, await identifyFile(path));
  });
});

Deno.test("of two byte order marks one is removed", async () => {
  const read = await decodeSource("-", encode("\uFEFF\uFEFFx"));
  assert(read.ok);
  assertEquals(read.text, "\uFEFFx");
});

Deno.test("a symbolic link is followed and the real path reported", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/real.hcl`, "a = 1");
    await Deno.symlink("real.hcl", `${directory}/hop`);
    await Deno.symlink(`${directory}/hop`, `${directory}/link.hcl`);
    const read = await readSource(`${directory}/link.hcl`);
    assert(read.ok);
    assertEquals([read.text, read.path, read.realPath], ["a = 1", `${directory}/link.hcl`, `${directory}/real.hcl`]);
  });
});

Deno.test("a missing file, a missing directory and a file in place of a directory have different messages", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    const file = refusal(await readSource(`${directory}/none.hcl`));
    assertEquals([file.code, file.digest], ["source/not-found", null]);
    assertEquals(file.why, `There is no such file in ${directory}`);
    assertEquals(refusal(await readSource(`${directory}/no/a.hcl`)).why, `There is no directory ${directory}/no`);
    const under = refusal(await readSource(`${directory}/file/a.hcl`));
    assertEquals([under.code, under.why], ["source/not-found", `There is no directory ${directory}/file`]);
    assertEquals(refusal(await readSource("no-such-file-here.hcl")).code, "source/not-found");
  });
});

Deno.test("a dangling link is reported with its target", async () => {
  await inDirectory(async (directory) => {
    await Deno.symlink("away/there.hcl", `${directory}/a.hcl`);
    const { code, why } = refusal(await readSource(`${directory}/a.hcl`));
    assertEquals(code, "source/not-found");
    assertStringIncludes(why!, `leads to ${directory}/away,`);
    await Deno.mkdir(`${directory}/away`);
    assertStringIncludes(refusal(await readSource(`${directory}/a.hcl`)).why!, `${directory}/away/there.hcl,`);
  });
});

Deno.test("links in a circle are unreadable", async () => {
  await inDirectory(async (directory) => {
    await Deno.symlink("b", `${directory}/a`);
    await Deno.symlink("a", `${directory}/b`);
    const { code, why } = refusal(await readSource(`${directory}/a`));
    assertEquals([code, why], ["source/unreadable", "Its symbolic links lead in a circle"]);
  });
});

Deno.test("a directory, a device, a socket and a named pipe without a writer are refused", async () => {
  await inDirectory(async (directory) => {
    await new Deno.Command("mkfifo", { args: [`${directory}/pipe`] }).output();
    using _ = Deno.listen({ transport: "unix", path: `${directory}/socket` });
    const kinds = { [directory]: "directory", "/dev/zero": "device", socket: "socket", pipe: "named pipe" };
    for (const [path, kind] of Object.entries(kinds)) {
      const { code, summary } = refusal(await readSource(path.startsWith("/") ? path : `${directory}/${path}`));
      assertEquals(code, "source/not-a-file");
      assertStringIncludes(summary, `is a ${kind}`);
    }
  });
});

Deno.test("a file that may not be opened and one that fails while it is read are unreadable, with the reason", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "");
    const fault = (message: string) =>
      Object.assign(new Error(`${message}, open '${path}'`), { code: message.slice(0, 6) });
    const denied = refusal(
      await readSource(path, { open: () => Promise.reject(fault("EACCES: permission denied")) }),
    );
    assertEquals([denied.code, denied.summary, denied.why], [
      "source/unreadable",
      `${path} cannot be read: EACCES`,
      "The system answered: EACCES: permission denied",
    ]);
    assertStringIncludes(denied.suggestion!, "Let the account");
    const broken = opened(() => Promise.reject(new Error("EIO: i/o error, read")));
    const failed = refusal(await readSource(path, { open: () => Promise.resolve(broken) }));
    assertEquals([failed.code, failed.why], ["source/unreadable", "The system answered: EIO: i/o error"]);
  });
});

Deno.test("a path with a NUL in it is a diagnostic like any other", async () => {
  assertEquals(refusal(await readSource("a\0b")).code, "source/unreadable");
});

Deno.test("a file of exactly the limit is read and one byte more is refused", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "x".repeat(100));
    assert((await readSource(path, { maxBytes: 100 })).ok);
    const { code, digest } = refusal(await readSource(path, { maxBytes: 99 }));
    assertEquals([code, digest], ["source/too-large", null]);
  });
});

Deno.test("a file that grows without end while it is read is left at the limit", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/a.hcl`, "");
    let total = 0;
    const endless = opened((into) => {
      total += into.length;
      return Promise.resolve(into.length);
    });
    const read = await readSource(`${directory}/a.hcl`, { maxBytes: 10_000, open: () => Promise.resolve(endless) });
    assertEquals([refusal(read).code, total], ["source/too-large", 10_001]);
  });
});

Deno.test("a file that tells no size is read whole", async () => {
  const read = await readSource("/proc/self/status");
  assert(read.ok);
  assertMatch(read.text, /^Name:/);
});

Deno.test("the first byte that is not UTF-8 has its line and column, and the digest is known", async () => {
  const head = encode('\uFEFFä\t😀 = 1\r\nb = "');
  const cases = {
    wrong: [0xff, 0x41],
    cut: [0xe2, 0x82],
    cutInside: [0xef, 0xbf, 0x41],
    surrogate: [0xed, 0xa0, 0x80],
  };
  for (const [name, tail] of Object.entries(cases)) {
    const bytes = new Uint8Array([...head, ...tail]);
    const { code, place, digest } = refusal(await decodeSource(name, bytes));
    assertEquals([code, place?.file, place?.line, place?.column], ["source/not-utf8", name, 2, 6]);
    assertEquals(digest, await sha256(bytes));
  }
});

Deno.test("a real replacement character before the wrong byte does not mislead", async () => {
  const bytes = new Uint8Array([...encode("\uFFFD\uFFFD"), 0xc3, 0x28]);
  assertEquals(refusal(await decodeSource("-", bytes)).place?.column, 3);
});

Deno.test("UTF-16 is recognised by its byte order mark, in either order, and nothing else is taken for it", () => {
  const why = (...bytes: number[]) => refusal(decodeSource("-", new Uint8Array(bytes))).why!;
  for (const mark of [[0xff, 0xfe], [0xfe, 0xff]]) assertStringIncludes(why(...mark, 0x41, 0), "UTF-16");
  for (const other of [[0xff, 0x41], [0x41, 0xfe], [0xfe, 0x41], [0x41, 0xff], [0xff, 0xff]]) {
    assertEquals(why(...other).includes("UTF-16"), false, `${other}`);
  }
});

Deno.test("a source has at most 16 MiB unless another limit is given, from wherever it comes", () => {
  const bytes = new Uint8Array(16 * 1024 * 1024 + 1).fill(0x20);
  assertEquals(decodeSource("-", bytes.subarray(1)).ok, true);
  assertEquals(refusal(decodeSource("-", bytes)).summary, "- is larger than 16777216 bytes");
  const small = encode("four");
  assertEquals(decodeSource("-", small, { maxBytes: 4 }).ok, true);
  const { code, digest } = refusal(decodeSource("-", small, { maxBytes: 3 }));
  assertEquals([code, digest], ["source/too-large", null]);
});

Deno.test("each number that the system says of a file is part of its identity, and so is its directory", async () => {
  await inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/a`);
    await Deno.writeTextFile(`${directory}/a/f`, "");
    const identityWith = async (more: Partial<typeof NUMBERS> = {}) => {
      const open = () => Promise.resolve(opened(() => Promise.resolve(0), { ...NUMBERS, ...more }));
      const read = await readSource(`${directory}/a/f`, { open });
      assert(read.ok);
      return read.identity;
    };
    const before = await identityWith();
    assertEquals(await identityWith(), before);
    for (const name of Object.keys(NUMBERS)) assertNotEquals(await identityWith({ [name]: 7 }), before, name);
    await Deno.rename(`${directory}/a`, `${directory}/b`);
    await Deno.mkdir(`${directory}/a`);
    await Deno.writeTextFile(`${directory}/a/f`, "");
    assertNotEquals(await identityWith(), before);
  });
});

Deno.test("a way that cannot be gone is no missing file", async () => {
  await inDirectory(async (directory) => {
    await Deno.symlink("a", `${directory}/a`);
    await Deno.writeTextFile(`${directory}/file`, "");
    assertEquals(await identifyFile(`${directory}/a`), "unreadable ELOOP");
    assertEquals(await identifyFile(`${directory}/file/f`), "missing");
    assertEquals(await identifyFile("a\0b").then((text) => text.startsWith("unreadable")), true);
  });
});

Deno.test("the advice follows the system's answer, and the kind of file that is there", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "");
    const suggested = async (error: Error) =>
      refusal(await readSource(path, { open: () => Promise.reject(error) })).suggestion!;
    for (const code of ["EACCES", "EPERM"]) {
      assertStringIncludes(await suggested(Object.assign(new Error(code), { code })), "Let the account", code);
    }
    assertStringIncludes(await suggested(new Deno.errors.NotCapable("no")), "Let the account");
    assertStringIncludes(await suggested(Object.assign(new Error("EIO"), { code: "EIO" })), "Check the file system");
    assertStringIncludes(refusal(await readSource(directory)).suggestion!, "Name a file in it");
    assertStringIncludes(refusal(await readSource("/dev/zero")).suggestion!, "to a regular file");
  });
});

Deno.test("a NUL has its line and column", async () => {
  for (const after of ["", "c = 1"]) {
    const { code, place } = refusal(await decodeSource("-", encode(`a = 1\nb = 😀\0${after}`)));
    assertEquals([code, place?.line, place?.column, place?.range], ["source/nul", 2, 6, { start: 12, end: 13 }]);
  }
});

Deno.test("any bytes are decoded as they were or refused at a place within them", async () => {
  const texts = fc.string({ unit: anyCharacter, maxLength: 50 }).map((text) => Array.from(encode(text)));
  const bytesOrText = fc.array(fc.oneof(texts, fc.array(fc.nat(255), { maxLength: 2 })), { maxLength: 3 });
  await fc.assert(fc.asyncProperty(bytesOrText, async (parts) => {
    const bytes = Uint8Array.from(parts.flat());
    const lossy = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const isText = sameBytes(encode(lossy), bytes) && !bytes.includes(0);
    const read = await decodeSource("-", bytes);
    assertEquals(read.ok, isText);
    if (read.ok) assertEquals(read.text, lossy.startsWith("\uFEFF") ? lossy.slice(1) : lossy);
    else assert(refusal(read).place!.range.start <= bytes.length);
  }));
});

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

Deno.test("an identity changes with content, time, mode, replacement and the link's target, and not with a neighbour", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/link`;
    assertEquals(await identifyFile(path), "missing");
    await Deno.mkdir(`${directory}/a`);
    await Deno.mkdir(`${directory}/b`);
    await Deno.writeTextFile(`${directory}/a/f`, "1");
    await Deno.link(`${directory}/a/f`, `${directory}/b/f`);
    await Deno.symlink("a/f", path);
    let before = await identifyFile(path);
    async function changes(what: string, deed: () => Promise<unknown>): Promise<void> {
      await deed();
      const now = await identifyFile(path);
      assertNotEquals(now, before, what);
      before = now;
    }
    await Deno.writeTextFile(`${directory}/a/neighbour`, "");
    assertEquals(await identifyFile(path), before);
    await changes("content", () => Deno.writeTextFile(`${directory}/a/f`, "22"));
    await changes("time", () => Deno.utime(path, 1, 1));
    await changes("mode", () => Deno.chmod(path, 0o600));
    await changes("number of names", () => Deno.link(`${directory}/a/f`, `${directory}/another`));
    await changes("target", async () => {
      await Deno.remove(path);
      await Deno.symlink("b/f", path);
    });
    await changes("replacement", async () => {
      await Deno.copyFile(`${directory}/a/f`, `${directory}/new`);
      await Deno.rename(`${directory}/new`, `${directory}/b/f`);
    });
    await changes("removal", () => Deno.remove(`${directory}/b/f`));
    assertEquals(before, "missing");
  });
});
