import { assertEquals } from "@std/assert";
import { followSecretFiles } from "../../src/hooks/secret_contents.ts";
import { MASK } from "../../src/diagnostic/secrets.ts";
import { textMasker } from "../../src/diagnostic/text_masker.ts";
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

Deno.test("each line of a long key is masked, also behind a chain of certificates", async () => {
  await using directory = await temporaryDirectory();
  const lines = Array.from({ length: 900 }, (_, at) => `MIIE${at}${"x".repeat(58)}`);
  const path = await directory.write("key.pem", ["-----BEGIN PRIVATE KEY-----", ...lines].join("\n"));
  const files = followSecretFiles([path]);
  await files.read();
  assertEquals(textMasker(files.secrets())(lines.at(-1)!), MASK);
});
