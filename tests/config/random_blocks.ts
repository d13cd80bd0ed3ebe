// Blocks of all kinds at random that refer to one another, to variables and to the environment: few names for many
// blocks, so that random references mostly meet. Tidy blocks are complete and right by themselves, so that mistakes are
// between them; the others are wrong in every way.
import type { Random } from "../support/random.ts";

/** The names that the blocks ask of the environment. */
export const ENVIRONMENT_NAMES = ["E0", "E1", "E2"];

/** The options of random blocks. */
export interface Draw extends Random {
  /** Whether blocks are right by themselves. */
  readonly isTidy: boolean;
}

/** A value that the environment may have, or none. */
export function randomValue(draw: Draw): string | undefined {
  const values = ["true", "false", "12", "hunter22", "odata", "s1", "x".repeat(30)];
  return draw.pick(draw.isTidy ? values : [...values, undefined, ""]);
}

/** The texts of some blocks; tidy ones define all that others can name but services and data sources. */
export function randomBlocks(draw: Draw): string[] {
  const some = Array.from({ length: draw.below(24) }, () => randomBlock(draw));
  if (!draw.isTidy) return some;
  const variables = VARIABLES.map((name) => `variable "${name}" { default = ${draw.pick(TIDY_DEFAULTS)} }`);
  const once = new Map([...variables, cache(draw, 0), cache(draw, 1), ...some].map((one) => [headOf(one), one]));
  return [...once.values()];
}

/** Edits blocks in one of the ways that people do; tidy ones stay unique, and definitions stay in their places. */
export function editBlocks(draw: Draw, texts: string[], before: readonly string[]): void {
  const kind = draw.below(8);
  const at = draw.below(texts.length + 1);
  if (kind === 0) texts.splice(0, texts.length, ...before);
  else if (kind === 1) texts.push(...texts.splice(at, 1));
  else if (kind === 2) {
    if (!draw.isTidy || /^(layer|service|extra)/.test(texts[at] ?? "")) texts.splice(at, 1);
  } else if (draw.isTidy) put(texts, randomBlock(draw), at);
  else if (kind === 3) texts.splice(at, 0, texts[draw.below(texts.length)] ?? randomBlock(draw));
  else texts.splice(at, draw.below(2), randomBlock(draw));
}

/** In the place of the block of the same name, or if there is none, at a place. */
function put(texts: string[], text: string, at: number): void {
  const same = texts.findIndex((one) => headOf(one) === headOf(text));
  if (same < 0 || text.startsWith("extra")) texts.splice(at, 0, text);
  else texts[same] = text;
}

function headOf(text: string): string {
  return text.split(/ [{=]/)[0]!;
}

/** The text of a block, or of an attribute at the top. */
function randomBlock(draw: Draw): string {
  const kinds = [layer, layer, layer, layer, variable, variable, service, service, dataSource, cache, honua, rateLimit];
  return draw.pick([...kinds, unknown])(draw);
}

const VARIABLES = ["v1", "v2", "v3", "db_password"];
const TIDY_DEFAULTS = ['"s0"', '"d1"', '"hunter22"', 'env("E0", "x")', '"odata"'];

function layer(draw: Draw): string {
  const references = ["data_source.d0", "data_source.d1", "data_source.d0", "data_source.gone"];
  return block(draw, `layer "${draw.pick(["l0", "l1", "l2", "l3", "l4", "l5", "s1"])}"`, [
    () => `title = ${text(draw)}`,
    () => `data_source = ${draw.pick([...references, text(draw)])}`,
    () => `table = ${text(draw)}`,
    () => `id_field = ${draw.pick(['"id"', '"gone"', "var.db_password"])}`,
    () => `services = ${services(draw)}`,
  ], [
    () => `introspect_fields = ${draw.pick(["true", draw.isTidy ? "true" : "false", truth(draw)])}`,
    () => `fields = ${draw.pick(['{ id = { type = "int" } }', draw.isTidy ? "{}" : "var.v0", '{ id = "string" }'])}`,
    () => `geometry = { column = ${text(draw)}, type = "Point", srid = ${draw.isTidy ? "1" : text(draw)} }`,
    () => `owner = ${text(draw)}`,
  ]);
}

function services(draw: Draw): string {
  const item = () => draw.pick(["service.s0", "service.s1", "service.s2", text(draw)]);
  return `[${Array.from({ length: draw.below(3) }, item)}]`;
}

function service(draw: Draw): string {
  return block(draw, `service "${draw.pick(["s0", "s1", "s2", ...(draw.isTidy ? [] : ["l1"])])}"`, [], [
    () => `enabled = ${truth(draw)}`,
    () => `type = "odata"`,
    () => `max_page_size = ${draw.isTidy ? "10" : draw.pick(["0", "10", text(draw)])}`,
    () => `note = "see var.v${draw.below(3) + 1}"`,
  ]);
}

function dataSource(draw: Draw): string {
  return block(draw, `data_source "d${draw.below(2)}"`, [
    () => `provider = ${draw.pick(['"postgresql"', '"plug"', text(draw)])}`,
    () => `connection = ${draw.pick([text(draw), '"Host=var.v1"'])}`,
  ], [
    () => `pool { min_size = ${draw.below(draw.isTidy ? 9 : 20)} }`,
    ...(draw.isTidy ? [] : [() => `pool { max_size = 3 }`]),
  ]);
}

function cache(draw: Draw, number = draw.below(2)): string {
  return block(draw, `cache "c${number}"`, [() => `connection = ${text(draw)}`], [
    () => `type = ${draw.pick(['"redis"', '"memory"', text(draw)])}`,
    () => `enabled = ${truth(draw)}`,
    () => `required_in = ["production"]`,
  ]);
}

function variable(draw: Draw): string {
  const untidy = [text(draw), '{ id = { type = env("E0") } }', '["odata", var.v2]', "7", "76561197980428157", "null"];
  return block(draw, `variable "${draw.pick(draw.isTidy ? VARIABLES : ["v0", ...VARIABLES])}"`, [
    () => `default = ${draw.pick(draw.isTidy ? TIDY_DEFAULTS : untidy)}`,
  ], [() => draw.pick([`defualt = 1`, `type = "x"`])]);
}

function honua(draw: Draw): string {
  return block(draw, "honua", [], [
    () => `environment = ${draw.pick(['"production"', '"production"', text(draw)])}`,
    () => `log_level = ${draw.isTidy ? '"debug"' : draw.pick(['"debug"', text(draw)])}`,
    () => `cors { allow_any_origin = ${draw.pick(["true", "false"])} }`,
  ]);
}

function rateLimit(draw: Draw): string {
  const store = draw.pick(['"redis"', '"memory"', text(draw)]);
  const both = [`rate_limit {\n  store = ${store}\n}`, `rate_limit = { store = ${store}, enabled = false }`];
  return draw.pick(draw.isTidy ? both : [...both, "rate_limit = 1"]);
}

function unknown(draw: Draw): string {
  const body = `{ x = ${text(draw)} }`;
  return draw.pick([`extra "a" ${body}`, `extra ${body}`, `extra "b" "c" ${body}`, `other = ${text(draw)}`]);
}

/** An expression that is true or false. */
function truth(draw: Draw): string {
  return draw.pick(["true", "false", draw.isTidy ? 'env("E9", "true")' : text(draw)]);
}

/** An expression that is a text, mostly. */
function text(draw: Draw): string {
  const name = draw.pick(ENVIRONMENT_NAMES);
  const variable = `var.${draw.pick(draw.isTidy ? VARIABLES : ["v0", "v9", ...VARIABLES])}`;
  const right = [
    ...['"plain"', '"hunter22"', '"odata"', `env("${name}", "fallback")`, variable, variable, `"a-\${${variable}}"`],
    `cache.c${draw.below(2)}.enabled ? "yes" : "no"`,
  ];
  const wrong = [`env("${name}")`, `env("${name}", "true") ? ${variable} : env("E1")`, "1 + 1"];
  return draw.pick(draw.isTidy ? right : [...right, ...wrong]);
}

/** A block of settings on their own lines: of the needed ones all that a tidy block has, of the others some. */
function block(
  draw: Draw,
  head: string,
  needed: readonly (() => string)[],
  others: readonly (() => string)[],
): string {
  const needs = draw.isTidy ? needed : needed.filter(() => draw.below(4) > 0);
  const lines = [...needs, ...others.filter(() => draw.below(2) === 0)].map((setting) => `  ${setting()}\n`);
  return `${head} {\n${lines.join("")}}`;
}
