// Kinds of files at a path that is opened: none of them makes it wait.
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import fc from "fast-check";
import { openRegularFile, openWithoutWaiting, readAtMost, readRegularFile } from "../../src/host/regular_file.ts";
import { inDirectory } from "../source/watching.ts";

Deno.test("a directory, a device, a socket and a named pipe are refused, also behind a link", async () => {
  await inDirectory(async (directory) => {
    await new Deno.Command("mkfifo", { args: [`${directory}/pipe`] }).output();
    await Deno.symlink("pipe", `${directory}/link`);
    using _ = Deno.listen({ transport: "unix", path: `${directory}/socket` });
    const kinds = { ".": "directory", "/dev/zero": "device", socket: "socket", pipe: "named pipe", link: "named pipe" };
    for (const [path, kind] of Object.entries(kinds)) {
      const opening = openRegularFile(path.startsWith("/") ? path : `${directory}/${path}`);
      assertMatch((await assertRejects(() => opening)).message, new RegExp(` is a ${kind}, not a file$`));
    }
  });
});

Deno.test("a named pipe that takes the file's place just before it is opened neither hangs nor passes", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "");
    await new Deno.Command("mkfifo", { args: [`${directory}/pipe`] }).output();
    const open = async () => {
      await Deno.rename(`${directory}/pipe`, path);
      return await openWithoutWaiting(path);
    };
    await assertRejects(() => openRegularFile(path, open), Error, "is a named pipe");
  });
});

Deno.test("of a file that is too large one byte more than the limit is read", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/a`, "x".repeat(100));
    assertEquals((await readRegularFile(`${directory}/a`, 100)).length, 100);
    assertEquals((await readRegularFile(`${directory}/a`, 98)).length, 99);
    const missing = await assertRejects(() => readRegularFile(`${directory}/b`, 1), Error);
    assertEquals((missing as { code?: string }).code, "ENOENT");
  });
});

Deno.test("bytes are joined in order however they come in pieces", async () => {
  await fc.assert(fc.asyncProperty(
    fc.uint8Array({ maxLength: 20_000 }),
    fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1 }),
    fc.integer({ min: 0, max: 20_000 }),
    async (bytes, pieces, expectedBytes) => {
      let at = 0;
      let turn = 0;
      const all = await readAtMost(
        (into) => {
          const piece = bytes.subarray(at, at + Math.min(into.length, pieces[turn++ % pieces.length]!));
          into.set(piece);
          at += piece.length;
          return Promise.resolve(piece.length || null);
        },
        20_000,
        expectedBytes,
      );
      assertEquals(all, Uint8Array.from(bytes));
    },
  ));
});
