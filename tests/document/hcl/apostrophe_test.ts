// An apostrophe in a comment, a heredoc or a string in double quotes is a character like any other: it opens no string,
// so with any other letter in its place the source means the same.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { openHclReader } from "../../../src/document/hcl/hcl_document.ts";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { placesIn, plain } from "../../support/hcl.ts";

/** In place of the apostrophe until a text is complete. */
const MARK = "\ue000";
const words = fc.array(fc.constantFrom(MARK, `isn${MARK}t`, ..."ab1 ={}[],#", "//"), { maxLength: 6 })
  .map((parts) => parts.join(""));
const lineComment = fc.tuple(fc.constantFrom("#", "//"), words).map(([begin, text]) => ` ${begin}${text}\n`);
const blockComment = words.map((text) => ` /* ${text.replaceAll("/", "")}\n ${MARK} */ `);
const doubleQuoted = words.map((text) => `"${text}"`);
const overLines = fc.tuple(words, words).map((lines) => `"${lines.join("\n")}"`);
const singleQuoted = words.map((text) => `'${text.replaceAll(MARK, "")} "q"'`);
const heredoc = fc.array(words, { maxLength: 3 }).map((lines) => ["<<EOT", ...lines, "EOT"].join("\n"));
const text = fc.oneof(doubleQuoted, overLines, singleQuoted);
const separator = fc.oneof(fc.constantFrom(", ", "\n"), lineComment);
const list = fc.array(fc.tuple(fc.oneof(text, fc.constantFrom("service.a", "env('X')")), separator), { maxLength: 4 })
  .map((items) => `[ ${items.flat().join("")}]`);
const object = fc.array(fc.tuple(text, separator), { maxLength: 3 })
  .map((entries) => `{ ${entries.map((entry, at) => `k${at} = ${entry.join("")}`).join("")}}`);
const value = fc.oneof(text, heredoc, list, object, fc.constantFrom("1", "TRUE", "env('X')"));
const end = fc.oneof(fc.constant("\n"), lineComment, blockComment.map((comment) => `${comment}\n`));
const source = fc.array(fc.tuple(value, end), { minLength: 1, maxLength: 5 }).map((settings) => {
  const lines = settings.map(([written, behind], at) =>
    `  x${at} = ${written}${written.startsWith("<<") ? "\n" : behind}`
  );
  return `a {\n${lines.join("")}}\n`;
});

Deno.test("an apostrophe opens a string only if a value begins with it", async () => {
  await using parser = openBlockParser();
  const reader = openHclReader(parser);
  const read = async (written: string) => {
    const parsed = await reader.read(sourceText("test.hcl", written));
    const mistakes = parsed.ok ? parsed.document.mistakes : parsed.diagnostics;
    const errors = mistakes.filter(({ severity }) => severity === "error");
    if (!parsed.ok || errors.length > 0) return { errors };
    const { body } = parsed.document.blocks[0]!;
    return JSON.parse(JSON.stringify([plain(body), placesIn(parsed.document, body)]).replaceAll("'", "z"));
  };
  const counts = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(source, fc.constantFrom("\n", "\r\n"), async (marked, lineEnd) => {
      const written = marked.replaceAll("\n", lineEnd);
      const [withApostrophes, without] = ["'", "z"].map((letter) => written.replaceAll(MARK, letter));
      const found = await read(withApostrophes!);
      counts["errors" in found ? "refused" : "read"]++;
      assertEquals(found, await read(without!));
    }),
    { numRuns: 300 },
  );
  assert(counts.read > 250, JSON.stringify(counts));
});
