// The ends of strings and heredocs and the places of their code, as the scanner takes them.
import { assertEquals } from "@std/assert";
import { openCursor } from "../../../src/document/hcl/cursor.ts";
import { envColonName, takeHeredoc, takeQuoted } from "../../../src/document/hcl/strings.ts";

/** The part that is taken of a text that begins with a quote, and the code in it; null if it is not closed. */
function quoted(text: string, acrossLines = false): string[] | null {
  const cursor = openCursor(text);
  const { closed, codes } = takeQuoted(cursor, acrossLines);
  return closed ? [text.slice(0, cursor.at), ...codes.map(({ start, end }) => text.slice(start, end))] : null;
}

Deno.test("a string ends at the quote that is neither escaped nor in its code", () => {
  for (const text of ['"$${"', '"%%{"', '"$"', '"%"', '"$a"', '"a{b"', '"%{ "x" }"', '"$$"', '"\\\\"', '"\\""']) {
    assertEquals(quoted(`${text} "c"`), [text], text);
  }
  for (const code of ["b", "{}", "{{}}", '"}"', "[1, (2)]", "/* } */ b", 'c["d"]']) {
    assertEquals(quoted(`"a\${${code}}}" "c"`), [`"a\${${code}}}"`, code], code);
  }
  assertEquals(quoted('"${env:B}$${c}${d}" e'), ['"${env:B}$${c}${d}"', "env:B", "d"]);
  assertEquals([quoted('"a'), quoted('"a\nb"'), quoted('"${b"'), quoted('"a\\\nb"', true), quoted('"a\\')], [
    ...[null, null, null, null, null],
  ]);
  assertEquals(quoted('"a\nb" c', true), ['"a\nb"']);
});

Deno.test("each character of a string that is rewritten is counted", () => {
  const counted = (text: string) => {
    const cursor = openCursor(text);
    takeQuoted(cursor, true);
    return cursor.count;
  };
  assertEquals(['"a"', "'a'", `'a"'`, "'\\''", '"a\r\nb"'].map(counted), [0, 2, 3, 3, 2]);
});

Deno.test("the name of a reference to the environment is the text between its colon and its brace", () => {
  assertEquals(
    ["${env:A}", "${env:}", "${env:a b}", "${env:A", '${env:"}', "${env:$}", "x${env:A}"].map((text) =>
      envColonName(text, 0)
    ),
    ["A", "", "a b", null, null, null, null],
  );
});

Deno.test("a heredoc begins at the cursor and ends with its marker's line", () => {
  const taken = (text: string) => {
    const cursor = openCursor(text);
    const scan = takeHeredoc(cursor);
    return scan &&
      [text.slice(0, cursor.at), scan.closed, ...scan.codes.map(({ start, end }) => text.slice(start, end))];
  };
  assertEquals(taken("<<E\na ${b}\n E \nc"), ["<<E\na ${b}\n E", true, "b"]);
  assertEquals(taken("<<-E\r\nE x\r\nE\r\n"), ["<<-E\r\nE x\r\nE", true]);
  assertEquals(taken("<<E\na"), ["<<E\na", false]);
  assertEquals([taken("a <<E\nE\n"), taken("<<E x\nE\n"), taken("<<1\n1\n")], [null, null, null]);
});
