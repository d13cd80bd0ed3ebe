// Random edits of HCL sources: single characters, moved lines, and values, statements and blocks from lists that hold
// every form of the dialect and everything that once broke a parser. Most results are intentionally invalid.
import type { Random } from "./random.ts";

const CHARACTERS = [
  ..."{}[]()=\"'#/\n ,.$%<\\:?!-+*",
  ...["\t", "é", "\u00a0", "😀", "\r\n", "//", "/*", "*/", "${", "}", "${env:A}", "$${", "%{", "<<E\n", "\nE\n", "=>"],
  ...["==", "...", "for ", "in ", "if ", "\r", "e\u0301"],
];

const VALUES = [
  ...['"${env:FOO}"', '"a${env:FOO}b${var.x}c"', '"$${env:X}"', '"%%{x}"', '"%{if true}a%{endif}"', '"tab\\tx"'],
  ...["'a \"b\" \\'c\\' ${env:X}'", '"a\n  b"', '"a\r\nb ${var.x}", ', "'a\n\"b\"'", "env('X')", "['a' TRUE s.a\n]"],
  ...['"C:\\\\d"', '"C:\\data"', "'single'", 'env("X")', 'env( "X" )', 'env("X", "d")', "var.x", "data_source.a-b"],
  ...["service.odata", "a.b[0].c", 'x ? "a" : "b"', 'cache.redis.enabled ? "redis" : "memory"', "1 + 2", "-5", "- 5"],
  ...[
    "-0",
    "007",
    "1.50",
    "1e3",
    "1.5e-3",
    "12345678901234567890",
    "1e9999999",
    '"a${1e-400}"',
    "0.1",
    "true",
    "null",
    "True",
    "[]",
    "{}",
  ],
  ...['["a" "b"]', '["a"\n "b"\n]', "[1, 2,]", "[1,,2]", "[for x in y : x]", "[for x in y : x if x]"],
  ...["{ for k, v in m : k => v }", '{ a = 1 b = "x" }', "{ a = 1, b : 2 }", "{ a = 1,\n b = 2 }", "{ a = 1\n }"],
  ...["{ a = 1\n , b = 2 }", '{ "k k" = 1, (z) = 2 }', '{ a = { b = [1, { c = "d" }] } }', "f(1, 2)"],
  ...['f({ a = 1 }, ["x"])', "(1)", '("x")', '["x"][0]', "{ a = 1 }.a", "[1 +\n 2]", "<<EOT\nhi ${env:Q}\nEOT\n"],
  ...["<<-EOT\n   hi\n  EOT", "<<E\n${var.x}\n$${y}\nE", '"é"', '"e\u0301"', '"\uE000"', "!true", "a == b", "a && b"],
  ...["a.*.b", "a[*].b", '"${"x"}"', '"${1}"', '"${[1,2][0]}"', "${env:BARE}", "env(var.x)", 'env("A${x}")'],
  ...['"unterminated', "foo bar", "[a b]", '["x", /* c */ "y"]', '"x" # c', '"x" /* c\n */', "# nothing\n 5"],
  ...["\n  7", '{\n  "a.b" = 1\n  c = env("X")\n}', "[\n  service.a, # c\n  service.b // d\n]", '"a", b = 2', '"a",'],
];

const STATEMENTS = [
  ...["x = 1", '"q.n" = "v"', '"q" = "v"', '"a${b}" = 1', "'sq' = 1", "b { c = 1 }", "b { c = 1 d = 2 }"],
  ...["b { c = 1, d = 2 }", "b { c { d = 1 } }", "b { c { d = 1 } e = 2 }", 'b "l" {\n}', "b\n{\n x = 1\n}", "b { }"],
  ...["a = 1 b = 2", "a = 1, b = 2", "a = 1,", "k\n= 3", "m = { a = 1 }", "dup = 1\n dup = 2", "b {\n a = 1 }"],
  ...["b { a = 1\n c = 2 }", "b {} c {}", 'b { "q" = 1 }', 'b "e\u0301" {}', "b lab {}", 'b "${x}" {}', "b = 1\n b {}"],
  ...['b "a$${x}" {}', 'b "\\u00e9" { x = 1 }', "o = { a = 1, a = 2 }"],
];

const BLOCKS = [
  ...['variable "v" = "x"', 'variable "v" = ["a",\n "b"]', 'variable "v" = true variable "w" = 1', 'var "v" = 3'],
  ...['variable "v" {\n default = 1\n}', 'honua { version = "1.0" environment = "p" }', "x = 1", "} ", "cache {}"],
  ...['service "a" { enabled = true } service "b" { enabled = false }', 'layer "x"\n{\n title = "t"\n}'],
  ...['cache "a" {}', 'variable "h" = <<E\nq\nE\n', 'variable "v" = "x" # c', "/* open", "x = 1 x = 2", "a {}\na = 1"],
];

/** Makes one random edit. */
export function mutate(source: string, random: Random): string {
  const kind = random.below(9);
  if (kind <= 2) return editCharacters(source, random);
  if (kind === 3) return moveLine(source, random);
  if (kind <= 6) return replaceValue(source, random);
  const lines = source.split("\n");
  if (kind === 7) lines.splice(random.below(lines.length + 1), 0, "  " + random.pick(STATEMENTS));
  else {
    const tops = lines.flatMap((line, index) => (/^\S/.test(line) && line !== "}" ? [index] : []));
    lines.splice(tops.length > 0 ? random.pick(tops) : 0, 0, random.pick(BLOCKS));
  }
  return lines.join("\n");
}

function editCharacters(source: string, random: Random): string {
  const at = random.below(source.length + 1);
  const removed = random.below(3);
  return source.slice(0, at) + (random.below(4) ? random.pick(CHARACTERS) : "") + source.slice(at + removed);
}

function moveLine(source: string, random: Random): string {
  const lines = source.split("\n");
  const from = random.below(lines.length);
  if (random.below(2)) lines.splice(from, 1);
  else lines.splice(random.below(lines.length), 0, lines[from]!);
  return lines.join("\n");
}

function replaceValue(source: string, random: Random): string {
  const values = [...source.matchAll(/=[ \t]*[^\n{[=]+$/gm)];
  if (values.length === 0) return source;
  const { index, 0: old } = random.pick(values);
  return source.slice(0, index) + "= " + random.pick(VALUES) + source.slice(index + old.length);
}
