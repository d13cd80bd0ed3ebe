import { assertEquals } from "@std/assert";
import { followSecretFiles } from "../../src/daemon/secret_files.ts";
import { temporaryDirectory } from "../support/temporary.ts";

Deno.test("a file's secret is known with the one before it, and a file that cannot be read takes none away", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("token", "first\n");
  const files = followSecretFiles([path, directory.file("missing"), directory.path]);
  assertEquals(files.secrets(), []);
  for (
    const [text, known] of [
      ["first\n", ["first"]],
      ["second\n", ["second", "first"]],
      ["second", ["second", "first"]],
      ["third", ["third", "second"]],
    ] as const
  ) {
    await Deno.writeTextFile(path, text);
    await files.read();
    assertEquals(files.secrets(), known);
  }
  await Deno.remove(path);
  await files.read();
  assertEquals(files.secrets(), ["third", "second"]);
});
