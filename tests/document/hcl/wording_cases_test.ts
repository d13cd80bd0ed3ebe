// The words for a complaint of HCL's by the text at its place: each with a text that it is for and with one near to it.
import { assertEquals } from "@std/assert";
import { openHeredoc } from "../../../src/document/hcl/open_heredoc.ts";
import { isOfDirective, isSecondHalf, wordingOf } from "../../../src/document/hcl/wording.ts";

/** HCL's summary, the text with `^` at the place, and the summary and suggestion of the diagnostic. */
type Case = readonly [hclSummary: string, text: string, summary: string, suggestion: string | undefined];

function check(cases: readonly Case[]): void {
  for (const [hclSummary, marked, ...expected] of cases) {
    const at = marked.indexOf("^");
    const { summary, suggestion } = wordingOf(hclSummary, marked.replace("^", ""), at);
    assertEquals([summary, suggestion], expected, `${hclSummary}: ${JSON.stringify(marked)}`);
  }
}

/** One summary for several texts. */
function each(hclSummary: string, texts: readonly string[], summary: string, suggestion: string | undefined): Case[] {
  return texts.map((text) => [hclSummary, text, summary, suggestion]);
}

Deno.test("a summary that is not known is shown unchanged, under any name", () => {
  check([["Something new", "a ^b", "Something new", undefined], ["toString", "a ^b", "toString", undefined]]);
});

Deno.test("a comment that is never closed is recognised at any place in HCL, and nothing else is", () => {
  const reported = ["A comment is never closed", "Add the closing */"] as const;
  check([
    ...each("Invalid expression", ["a = ^/* b", "a = /^* b"], ...reported),
    ["Invalid expression", "a = ^/ b", "Expected a value here", EXPECTED],
    ["Invalid expression", "a = 2 /^b", "Expected a value here", EXPECTED],
    ["Invalid expression", "a = 2 ^* b", "Expected a value here", EXPECTED],
    ["Invalid expression", "a = 2 /\n^* b", "Expected a value here", EXPECTED],
  ]);
});

const EXPECTED = "Write a string in double quotes, a number, true, false, a list or a reference";

Deno.test("every summary about a directive has the same message", () => {
  for (
    const [summary, expected] of [
      ...["Invalid template directive", "Unexpected endif directive", "Missing endfor marker"].map((
        one,
      ) => [one, true]),
      ...["Invalid template control keyword", "Unexpected end of template"].map((one) => [one, true]),
      ...[
        "Invalid template interpolation",
        "The end: Unexpected end of template",
        "a directives",
        "directive",
        "a marker ",
      ].map((
        one,
      ) => [
        one,
        false,
      ]),
    ] as [string, boolean][]
  ) assertEquals(isOfDirective(summary), expected, summary);
  check([["Invalid template directive", 'a = "^%{x}"', DIRECTIVE, "Write %%{ for a literal %{"]]);
});

const DIRECTIVE = "%{ in a string begins a directive, and directives are not supported";

Deno.test("a character that HCL does not know has a message for its kind", () => {
  const other = [
    "A character that has no meaning here",
    "Put quotes around the text that it belongs to, or remove it",
  ] as const;
  const quote = ["A typographic quote is no quote to HCL", 'Replace it with a straight one: "'] as const;
  check([
    ...each("Invalid character", [
      "a = ^\u2018b",
      "a = ^\u201fb",
      "a = ^\u00abb",
      "a = ^\u00bb",
      "a = ^\u2032",
      "a = ^\u2033",
    ], ...quote),
    ...each(
      "Invalid character",
      ["a = ^\u2010", "a = ^\u2015", "a = ^\u2212"],
      "A dash is no minus sign",
      "Replace it with -",
    ),
    ...each("Invalid character", ["a = ^§", "a = ^^", "a = ^\u2217"], ...other),
    // The text behind it says nothing about it.
    ...each(
      "Invalid character",
      ["'b'", "'b%{", "\u2018", "`", ";", "\\\n", "\\", "\rb", "\u2010", "\u00a0", "\u200b"].map((one) =>
        `a = <<^§ ${one}`
      ),
      ...other,
    ),
    ["Invalid character", "a^\u00a0=", "There is a special space here (U+00A0)", "Replace it with an ordinary space"],
    ["Invalid character", "a^\v=", "There is a special space here (U+000B)", "Replace it with an ordinary space"],
    ["Invalid character", "a^\f=", "There is a special space here (U+000C)", "Replace it with an ordinary space"],
    ["Invalid character", "a^\u3000=", "There is a special space here (U+3000)", "Replace it with an ordinary space"],
    ["Invalid character", "^\u0301=", "There is an invisible character here (U+0301)", "Remove it"],
    ["Invalid character", "^\u{e0001}", "There is an invisible character here (U+E0001)", "Remove it"],
    ["Invalid character", "^\0", "There is an invisible character here (U+0000)", "Remove it"],
    [
      "Invalid character",
      "a = 1^\rb",
      "A carriage return without a line feed is no line end",
      "Save the file with LF or CRLF line ends",
    ],
  ]);
});

Deno.test("a single quote has a message for the text that it begins", () => {
  const heredoc = [
    "A heredoc begins with << and a marker that ends the line",
    "Write <<EOF with nothing behind it, neither quotes nor spaces",
  ] as const;
  check([
    ...each("Invalid character", ["b ^'c %{", "b ^'%{"], DIRECTIVE, "Write %%{ for a literal %{"),
    ...each("Invalid character", ["a = <<^'E'", "a = <<-^'E'", "a = <<^'E'\n"], ...heredoc),
    ...each(
      "Invalid character",
      ["a =^'b\n", "a = ^'", "a = [^'b", "a = f(^'b", "a = [1,^'b", "a:^'b", "a = b ?^'c", "a = ^'\\'b\\\\"],
      "A string goes on over the end of its line",
      "Add the closing ', or write \\n for a line end",
    ),
    ...each(
      "Invalid character",
      ["a = ^'b'", "a = <^'E'", "a = << ^'E'", "a b ^'c\n%{", "a = b^'c\n", "a =\n b ^'c\n", "a = ^'$", "a = ^'\\"],
      "This single quote opens no string",
      'Put the whole text in double quotes: "…"',
    ),
  ]);
});

Deno.test("an escape that does not exist has a message for the intended one", () => {
  const half = "A surrogate escape is half a character";
  const anyHalf = "Write \\UXXXXXXXX with the eight digits of the character's code point, or the character itself";
  const digits = "The escape \\u needs four hexadecimal digits behind it, and \\U eight";
  const path = "Write \\\\ for a backslash, as in C:\\\\Users";
  const none = "A backslash in a string begins an escape that does not exist";
  const all = 'Write \\\\ for a backslash; \\n, \\r, \\t, \\", \\uXXXX and \\UXXXXXXXX are the escapes there are';
  check([
    ...each(
      "Invalid escape sequence",
      ['"^\\ud800"', '"^\\uDBFF x"', '"^\\uDfff"', '"^\\ud83d\\u0041"'],
      half,
      anyHalf,
    ),
    ["Invalid escape sequence", '"^\\ud83d\\ude00"', half, "Write \\U0001F600, or the character itself"],
    ["Invalid escape sequence", '"^\\uDBFF\\uDFFF"', half, "Write \\U0010FFFF, or the character itself"],
    ["Invalid escape sequence", '"^\\U00110000"', "An escape names a character beyond U+10FFFF", LARGE],
    ...each("Invalid escape sequence", ['"^\\u12"', '"^\\U1234567"', '"^\\Users"', '"^\\ud7ff"'], digits, path),
    ...each("Invalid escape sequence", ['"^\\x"', '"^\\d800"', '"^\\ "'], none, all),
    ...each(
      "Invalid escape sequence",
      ["\\ud800", "\\U00110000", "\\u", "\\ud83d\\ude00"].map((one) => `"^\\x${one}`),
      none,
      all,
    ),
  ]);
});

const LARGE = "Write \\UXXXXXXXX with the code point of a character, or \\\\ for a backslash";

Deno.test("the second half of a pair of escapes has a different message from a single half", () => {
  const text = '"x\\ud83d\\ude00"';
  assertEquals(isSecondHalf(text, text.indexOf("\\ude00")), true);
  assertEquals(isSecondHalf(text, text.indexOf("\\ud83d")), false);
  assertEquals(isSecondHalf('"\\ude00"', 1), false);
  assertEquals(isSecondHalf('"\\u0041\\ude00"', 7), false);
  assertEquals(isSecondHalf("\\ud83d\\ude00", 6), true);
});

Deno.test("a text that is neither a setting nor a block has a message for its beginning", () => {
  const equals = [
    "A setting needs a single = between its name and its value",
    "Write name = value, or name { … } for a block",
  ] as const;
  const summary = "Argument or block definition required";
  const nothing = ["Expected a setting or a block here", "Write name = value, or name { … }"] as const;
  check([
    ...each(summary, ["^a: 1", "^a := 1", "^a == 1", "^a += 1", "^a ?= 1", '^a": 1', "^ä-1_ \t: 1"], ...equals),
    ...each(summary, ["^a", "^a b", "^a. = 1", "^a\n: 1", "^.a = 1", "a ^b"], ...nothing),
    ...each(
      summary,
      ["^a\n{", "^a \r\n\t{"],
      "A block needs its labels and its { on the line of its name",
      "Put them behind the name",
    ),
    ...each(summary, ["^a\n\n{", "^a\nb {"], ...nothing),
    ...each(
      summary,
      ["a: 1", "a\n{", "}", "{", "<<<<<<<", "--", "/", "<!--", "a\n= 1", "1"].map((one) => `^. ${one}`),
      ...nothing,
    ),
    ...each(
      summary,
      ["^a\n= 1", "^ab_1-c \t\r\n\n = 1"],
      "A setting needs its = on the line of its name",
      "Write name = value on one line",
    ),
    ...each(summary, ["^a. \n= 1", "^a\nb = 1"], ...nothing),
    ...each(summary, ["^}", "^} x"], "A } closes nothing", "Remove it, or add the { that it belongs to"),
    [
      summary,
      "^{",
      "A block needs a name before its {",
      "Write name { … } on one line; a file that holds JSON has to be called .json",
    ],
    ...each(
      summary,
      ["^<<<<<<< H", "^=======", "^>>>>>>> x", "^||||||| x"],
      "A merge conflict is not resolved",
      CONFLICT,
    ),
    ...each(summary, ["^<<<<<< H", "^======"], ...nothing),
    ...each(summary, ["^-- x", "^/ x", "^<!-- x"], "This begins no comment", "Begin a comment with # or //"),
    ...each(summary, ["^- x", "^<! x"], ...nothing),
    [summary, "^1a = 2", "A name cannot begin with a digit", "Begin it with a letter or _, or put it in double quotes"],
    [summary, "a = 5^m", "A number ends before this", 'Put quotes around the whole value, as in "5m"'],
    ...each(summary, ["a = 5 ^m", "a = 5^.", "a = 5^. m"], ...nothing),
  ]);
});

const CONFLICT = "Keep one of the two versions, and remove the lines of <, = and >";

Deno.test("a missing or wrong value has a message for the text around it", () => {
  const missing = ["A value is missing here", EXPECTED] as const;
  const operator = [
    "A value is missing behind an operator",
    'Put quotes around the whole value if it is a text, as in "50%"',
  ] as const;
  check([
    ...each("Invalid expression", ["a = ^", "a = ^\nb", "a = ^\r\nb", "a { b = ^}"], ...missing),
    ...each("Invalid expression", ["a = ^\r", "a = ^ x", "a = ^]"], "Expected a value here", EXPECTED),
    ...["50%", "1 -", "1 +", "1*", "1/", "a &&", "a ||", "a <", "a >", "!", "a ?"].map((one): Case => [
      ...["Invalid expression", `a = ${one} ^\n`] as const,
      ...operator,
    ]),
    ["Invalid expression", "a = 50% ^x", "Expected a value here", EXPECTED],
    ...each("Invalid expression", ["a = 50% b ^", 'a = "${b ^}"'], ...missing),
    ...each(
      "Invalid expression",
      ["\n", "}", "#", "//", "<<E", ".5", ","].map((one) => `a = -^: ${one}`),
      "Expected a value here",
      EXPECTED,
    ),
    ...each(
      "Invalid expression",
      ['a = "${^}"', 'a = "${ ^}"'],
      "An expression is missing in ${}",
      "Write $${} for a literal ${}",
    ),
    ["Invalid expression", 'a = "{^}"', ...missing],
    ["Invalid expression", "a = ^<<E", "A heredoc begins with << and a marker that ends the line", HEREDOC],
    ["Invalid expression", "a = ^.5", "A number needs a digit before its point", "Write 0.5 for .5"],
    ["Invalid expression", "a = ^.b", "Expected a value here", EXPECTED],
    ["Invalid expression", "a = [^,]", "A value is missing before the comma", "Remove the comma, or write the value"],
    ...each(
      "Missing expression",
      ["^", "a = [^", "a = { ^", "a = [1, ^", "a = [1,\n^"],
      "A list or an object is never closed",
      CLOSE,
    ),
    ["Missing expression", "a = ^", ...missing],
    ["Missing expression", "a = [1 ^", ...missing],
  ]);
});

Deno.test("a name without a value is one that begins with a digit, if digits and only they are right before it", () => {
  for (const summary of ["Missing attribute value", "Missing key/value separator"]) {
    check([
      ...each(
        summary,
        ["a = { 2^x", "a = {2^x", "a = { b = 1,22^x", "2^x", "a = {\n2^_"],
        "A name cannot begin with a digit",
        "Begin it with a letter or _, or put it in double quotes",
      ),
      ...each(
        summary,
        ["a = { b2^x", "a = { ^x", "a = { 2 ^x", "a = { 2^ x", "a = { 2^.", "a = { b^"],
        "A name in an object has no value",
        "Write name = value",
      ),
    ]);
  }
});

const HEREDOC = "Write <<EOF with nothing behind it, neither quotes nor spaces";
const CLOSE = "Add the ] or } that is missing";

Deno.test("heads, names, lists and strings have messages for the text before or behind the place", () => {
  const block = ["A block needs its braces on the line of its name", BRACES] as const;
  const long = "A string goes on over the end of its line";
  check([
    ...each(
      "Invalid block definition",
      ['a = "say "hi^', 'a ="say"hi^', 'a = ""1^'],
      "A quote inside a string ended it",
      'Write \\" for a quote inside a string',
    ),
    ...each(
      "Invalid block definition",
      ["a = 5m b ^", "a =5m b^", "a = 12m b_1-c \t^", "a = 5ms_1-x  bc^", "a = s.2x _ ^"],
      "A number ends before this",
      'Put quotes around the whole value, as in "5m"',
    ),
    ...each(
      "Invalid block definition",
      ["a = 5mb ^", "a = m b^", "a = 5 b^", "a = 5m ^", "a = 5m b c^", "a = 5m b.^", "a, 5m b^"],
      ...block,
    ),
    ...each("Invalid block definition", ['a = "say " hi^', 'a "say"hi^', 'a = "\\"hi^', "a ^b"], ...block),
    ["Invalid argument name", 'a = x"^', "This quote opens nothing", 'Put the whole value between two "'],
    ...each(
      "Invalid argument name",
      ["^", "{^", "a,^", "a ^"],
      "The name of a setting cannot be written like this",
      NAME,
    ),
    ...each(
      "Missing item separator",
      ["a = [1\n  ^b = 2", "a = [1\n  ^b_1-c=2"],
      "A list is never closed",
      "Add the ] before this setting",
    ),
    ...each(
      "Missing item separator",
      ["a = [1 ^2", "a = [1 ^b", "a = [1 ^b == 2", "a = [1 ^(b = 2"],
      "A list needs a comma between its items",
      "Add the comma",
    ),
    [
      "Invalid attribute name",
      "a = 1.^",
      "A number needs a digit behind its point",
      "Write a digit behind it, as in 1.0",
    ],
    [
      "Invalid attribute name",
      "a = 1. ^",
      "A number needs a digit behind its point",
      "Write a digit behind it, as in 1.0",
    ],
    ...each(
      "Invalid attribute name",
      ["a = b.^", "a = 1^", "a = 1. + b.^"],
      "A name is missing behind the point",
      "Name the part: var.NAME, service.NAME",
    ),
    ...each("Invalid multi-line string", ['a = "b\\"^', 'a = "b\\" ^'], long, BACKSLASH),
    ...each(
      "Invalid multi-line string",
      ['a = "b\\" c^', 'a = "b^', 'a = "b\\\\"^', '\\"^'],
      long,
      'Add the closing ", or write \\n for a line end',
    ),
  ]);
});

const BRACES = "Put a { behind the name and labels, or a = between a name and its value";
const NAME = "Use letters, digits, _ and -, without an expression in it";
const BACKSLASH = 'Write \\\\ for a backslash at the end of the string: \\" is a quote inside it';

Deno.test("only the line before the place decides, and of a long one its last thousand characters", () => {
  check([["Invalid argument name", "x\n^", "The name of a setting cannot be written like this", NAME]]);
  const before = (blanks: number) => `x${" ".repeat(blanks)}`;
  const reported = (blanks: number) =>
    wordingOf("Invalid expression", `%${before(0).slice(1)}${" ".repeat(blanks)}`, blanks + 1).summary;
  assertEquals(reported(999), "A value is missing behind an operator");
  assertEquals(reported(1_000), "A value is missing here");
});

/** The heredoc that is open in a text: its marker as written, its summary and its suggestion. */
function heredocIn(text: string, end = text.length, start = 0): unknown {
  const found = openHeredoc(text, { start, end });
  return found && [text.slice(found.range.start, found.range.end), found.wording.summary, found.wording.suggestion];
}

Deno.test("a heredoc is open from its marker on until a line holds that and nothing else", () => {
  const never = "A heredoc is never closed";
  assertEquals(heredocIn("a = <<E\nx\n"), ["<<E", never, "Add a line E at the end of the text"]);
  assertEquals(heredocIn("a = <<E\nx\nE\n"), null);
  assertEquals(heredocIn("a = <<-E\r\nx\r\n \tE \r\n"), null);
  assertEquals(heredocIn("a = <<-E\r\nx\r\n"), ["<<-E", never, "Add a line E at the end of the text"]);
  assertEquals(heredocIn("a = <<E\nx\n E }\n"), ["<<E", never, "Begin a new line behind the E that ends the text"]);
  assertEquals(heredocIn("a = <<E\nx E\n"), ["<<E", never, "Add a line E at the end of the text"]);
  assertEquals(heredocIn("a = <<E\nx\nE\nb = <<F\ny\n"), ["<<F", never, "Add a line F at the end of the text"]);
  assertEquals(heredocIn("a = <<E\n E }\nE\nb = <<F\ny\n"), ["<<F", never, "Add a line F at the end of the text"]);
  assertEquals(heredocIn("a = <<E\nb = <<F\nE\n"), null);
  assertEquals(heredocIn("# a = <<E\n // <<E\n"), null);
  assertEquals(heredocIn("a = 1 # <<E\n"), ["<<E", never, "Add a line E at the end of the text"]);
  assertEquals(heredocIn("a = <<E x\ny\n"), null);
  assertEquals(heredocIn("a = <<1\ny\n"), null);
  assertEquals(heredocIn("a = <<\u00e4-1\ny\n"), ["<<\u00e4-1", never, "Add a line \u00e4-1 at the end of the text"]);
  const marker = "M".repeat(41);
  assertEquals(heredocIn(`a = <<${marker}\n`), [
    `<<${marker}`,
    never,
    `Add a line ${"M".repeat(40)} at the end of the text`,
  ]);
});

Deno.test("a marker that ends the stretch and not its line opens no heredoc", () => {
  const begins = "A heredoc begins with << and a marker that ends the line";
  assertEquals(heredocIn("a = <<E x\n", 7), ["<<E", begins, HEREDOC]);
  assertEquals((heredocIn("a = <<E\nx", 7) as unknown[])[1], "A heredoc is never closed");
  assertEquals((heredocIn("a = <<E\r\nx", 7) as unknown[])[1], "A heredoc is never closed");
  assertEquals((heredocIn("a = <<E", 7) as unknown[])[1], "A heredoc is never closed");
  assertEquals((heredocIn("a = <<E\rx", 7) as unknown[])[1], begins);
  assertEquals((heredocIn("#\na = <<E\nx", 11, 2) as unknown[])[0], "<<E");
});
