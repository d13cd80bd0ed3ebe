import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { type BlockParser, openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { openHclReader } from "../../../src/document/hcl/hcl_document.ts";
import { misworded } from "../../support/wording.ts";

/** `line:column summary; suggestion` of the mistake in a text. */
async function reported(text: string, parser: BlockParser): Promise<string[]> {
  const parsed = await openHclReader(parser).read(sourceText("test.hcl", text));
  assert(!parsed.ok, text);
  assertEquals(parsed.diagnostics.flatMap(misworded), [], text);
  return parsed.diagnostics.map(({ place, summary, suggestion }) =>
    `${place!.line}:${place!.column} ${summary}; ${suggestion}`
  );
}

/** The text behind `a = ` on the second line, and its diagnostic. */
const VALUES: readonly (readonly [value: string, told: string])[] = [
  ["'x", "7 A string goes on over the end of its line; Add the closing ', or write \\n for a line end"],
  ["'%{x'", "7 %{ in a string begins a directive, and directives are not supported; Write %%{ for a literal %{"],
  ["Bob's", `10 This single quote opens no string; Put the whole text in double quotes: "…"`],
  ["`x`", "7 A string is in backticks; Put it in double quotes; a text of several lines is a heredoc, <<EOF"],
  [
    "1;",
    "8 A semicolon has no meaning here; Put each setting on its own line, and commas between the items of a list",
  ],
  ["\u200b1", "7 There is an invisible character here (U+200B); Remove it"],
  ["1\ufeff", "8 There is an invisible character here (U+FEFF); Remove it"],
  ["1\r  b = 2", "8 A carriage return without a line feed is no line end; Save the file with LF or CRLF line ends"],
  ["–5", "7 A dash is no minus sign; Replace it with -"],
  ["§", "7 A character that has no meaning here; Put quotes around the text that it belongs to, or remove it"],
  [
    '"${env(\\"X\\")}"',
    '14 A backslash has no meaning outside a string; Inside ${…} write quotes as they are: "${env("NAME")}"',
  ],
  [
    '"%{User-Agent}"',
    "10 %{ in a string begins a directive, and directives are not supported; Write %%{ for a literal %{",
  ],
  ['"100%{"', "13 %{ in a string begins a directive, and directives are not supported; Write %%{ for a literal %{"],
  ['"%{if}"', "13 %{ in a string begins a directive, and directives are not supported; Write %%{ for a literal %{"],
  ['"é\\uD83D\\uDE00"', "9 A surrogate escape is half a character; Write \\U0001F600, or the character itself"],
  [
    '"\\ud83d"',
    "8 A surrogate escape is half a character; Write \\UXXXXXXXX with the eight digits of the character's code point, or the character itself",
  ],
  [
    '"C:\\Users"',
    "10 The escape \\u needs four hexadecimal digits behind it, and \\U eight; Write \\\\ for a backslash, as in C:\\\\Users",
  ],
  [
    '"C:\\\\a\\"',
    '15 A string goes on over the end of its line; Write \\\\ for a backslash at the end of the string: \\" is a quote inside it',
  ],
  ['"say "hi" now"', '21 A quote inside a string ended it; Write \\" for a quote inside a string'],
  ['x"', '8 This quote opens nothing; Put the whole value between two "'],
  ['"a ${ b"', "10 A ${ in a string is never closed; Add the }, or write $${ for a literal ${"],
  ['"${}"', "10 An expression is missing in ${}; Write $${} for a literal ${}"],
  ["5m", '8 A number ends before this; Put quotes around the whole value, as in "5m"'],
  ["data_source.2x", '20 A number ends before this; Put quotes around the whole value, as in "5m"'],
  ["[s.2x]", '11 A number ends before this; Put quotes around the whole value, as in "5m"'],
  ["5m b = 1", '12 A number ends before this; Put quotes around the whole value, as in "5m"'],
  ["{ 2x = 1 }", "10 A name cannot begin with a digit; Begin it with a letter or _, or put it in double quotes"],
  ['"b\\\nc"', "9 A backslash ends a line in a string; Remove it, or write \\\\ for a backslash"],
  ["50%", '10 A value is missing behind an operator; Put quotes around the whole value if it is a text, as in "50%"'],
  [".5", "7 A number needs a digit before its point; Write 0.5 for .5"],
  ["1.", "9 A number needs a digit behind its point; Write a digit behind it, as in 1.0"],
  ["", "7 A value is missing here; Write a string in double quotes, a number, true, false, a list or a reference"],
  ["[1,,]", "10 A value is missing before the comma; Remove the comma, or write the value"],
  ["1 /* x", "10 A comment is never closed; Add the closing */"],
  [
    "<<EOF ",
    "7 A heredoc begins with << and a marker that ends the line; Write <<EOF with nothing behind it, neither quotes nor spaces",
  ],
];

/** Whole texts, and their diagnostics. */
const TEXTS: readonly (readonly [text: string, ...told: string[]])[] = [
  [
    "h {\n  a = “x”\n}\n",
    ...[7, 9].map((column) => `2:${column} A typographic quote is no quote to HCL; Replace it with a straight one: "`),
  ],
  [
    "h {\n  a\u00a0= 1\n}\n",
    "2:4 There is a special space here (U+00A0); Replace it with an ordinary space",
  ],
  [
    'h {\n  # x = <<NO\n  a = <<X\n  X\n  b = <<-EOF\n  "\n}\nservice "a" {\n}\n',
    "5:7 A heredoc is never closed; Add a line EOF at the end of the text",
  ],
  [
    "h {\n  a = <<EOF\n  x\nEOF }\n",
    "2:7 A heredoc is never closed; Begin a new line behind the EOF that ends the text",
  ],
  [
    'h {\n  a = <<"EOF"\n  x = y\n  EOF\n}\n',
    "2:7 A heredoc begins with << and a marker that ends the line; Write <<EOF with nothing behind it, neither quotes nor spaces",
  ],
  [
    "h {\n  a = <<-'EOF'\n  x = y\n  EOF\n}\n",
    "2:7 A heredoc begins with << and a marker that ends the line; Write <<EOF with nothing behind it, neither quotes nor spaces",
  ],
  [
    "h = <<EOF \n",
    "1:5 A heredoc begins with << and a marker that ends the line; Write <<EOF with nothing behind it, neither quotes nor spaces",
  ],
  ["h = {\n  a = 1\n", "3:1 A list or an object is never closed; Add the ] or } that is missing"],
  ["h = [1,\n", "2:1 A list or an object is never closed; Add the ] or } that is missing"],
  [
    "h {\n  a: 1\n}\n",
    "2:3 A setting needs a single = between its name and its value; Write name = value, or name { … } for a block",
  ],
  [
    "h {\n  a == 1\n}\n",
    "2:3 A setting needs a single = between its name and its value; Write name = value, or name { … } for a block",
  ],
  ["h {\n  a = [1\n  b = 2\n}\n", "3:3 A list is never closed; Add the ] before this setting"],
  ["h {\n}\n}\n", "3:1 A } closes nothing; Remove it, or add the { that it belongs to"],
  ["h {\n  a\n  = 1\n}\n", "2:3 A setting needs its = on the line of its name; Write name = value on one line"],
  ["-- x\n", "1:1 This begins no comment; Begin a comment with # or //"],
  [
    "h {\n  1a = 2\n}\n",
    "2:3 A name cannot begin with a digit; Begin it with a letter or _, or put it in double quotes",
  ],
  [
    "h {\n<<<<<<< HEAD\n  a = 1\n=======\n  a = 2\n>>>>>>> x\n}\n",
    "2:1 A merge conflict is not resolved; Keep one of the two versions, and remove the lines of <, = and >",
  ],
];

Deno.test("a common slip is reported by its text, at its place, with advice", async () => {
  await using parser = openBlockParser();
  for (const [value, expected] of VALUES) {
    assertEquals(await reported(`h {\n  a = ${value}\n}\n`, parser), [`2:${expected}`], value);
  }
  for (const [text, ...expected] of TEXTS) assertEquals(await reported(text, parser), expected, text);
});
