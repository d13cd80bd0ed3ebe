// Configurations of any size, for measuring: all layers alike, or as different as those of real files. The same seed
// makes the same text, and every text is valid; each can be edited in the ways that people edit.
import { type Random, randomFrom } from "../tests/support/random.ts";

/** Whether the layers differ only in their names, or also in their settings and layout. */
export type Variety = "uniform" | "mixed";

/** A change of a text, as an editor makes it. `one-layer`: a title; `new-shape`: fields as no layer had them before. */
export type EditKind = "one-layer" | "new-shape" | "comment";

/** A configuration that can be edited. */
export interface LayerFile {
  /** The whole text. */
  readonly text: string;
  /** The text with one layer changed; `number` tells one edit from another, and no two of them make the same text. */
  edited(kind: EditKind, number: number): string;
}

/** The variable from which the configurations take their connections. */
export const CONNECTION_VARIABLE = "SAMPLE_CONNECTION";

const WORDS = [
  ...["road", "parcel", "zone", "building", "owner", "address", "city", "code", "area", "length", "name", "kind"],
  ...["status", "date", "source", "version", "latitude", "longitude", "elevation", "district"],
];
const SERVICES = ["odata", "ogc_api", "wfs", "wms", "wmts", "stac", "csw"];

/** New shapes differ in which of this many fields may be null: 4,096 of them. */
const SHAPE_BITS = 12;

/** A configuration with that many layers. */
export function layerFile(variety: Variety, count: number, seed: number): LayerFile {
  const random = randomFrom(seed);
  const head = variety === "uniform" ? uniformHead() : mixedHead(random, count);
  const layers = Array.from(
    { length: count },
    (_, index) => variety === "uniform" ? uniformLayer(index) : mixedLayer(random, index, databasesOf(count)),
  );
  const withoutFields = layers.flatMap((layer, index) => layer.includes("\n  fields {") ? [] : [index]);
  const chosen = withoutFields.length > 0 ? random.pick(withoutFields) : 0;
  const [before, after] = [layers.slice(0, chosen), layers.slice(chosen + 1)];
  return {
    text: [head, ...layers].join(""),
    edited: (kind, number) => [head, ...before, edited(layers[chosen]!, kind, number), ...after].join(""),
  };
}

function edited(layer: string, kind: EditKind, number: number): string {
  const titleAt = layer.indexOf("  title = ");
  const [head, body] = [layer.slice(0, titleAt), layer.slice(titleAt)];
  if (kind === "comment") return `${head}  # Note ${number}\n${body}`;
  if (kind === "one-layer") return `${head}${body.replace('"', `"Edit ${number} `)}`;
  return `${head}${newFields(layer, number)}${body}`;
}

/** Fields as no other number makes them, which differ from all others in more than their names and literals. */
function newFields(layer: string, number: number): string {
  const named = [...layer.matchAll(/^ +(?:id_field|display_field) +?= "(\w+)"$/gm)].map((match) => match[1]!);
  const fields = ["geom", ...new Set(named)].map((name) => `    ${name} = { type = "string" }\n`);
  for (let bit = 0; bit < SHAPE_BITS; bit++) {
    const nullable = (number >> bit) % 2 === 1 ? ", nullable = false" : "";
    fields.push(`    added_${bit} = { type = "int"${nullable} }\n`);
  }
  return `  fields {\n${fields.join("")}  }\n`;
}

function uniformHead(): string {
  return 'honua {\n  version = "1.0"\n}\n' +
    `data_source "db" {\n  provider = "postgresql"\n  connection = env("${CONNECTION_VARIABLE}")\n}\n` +
    'service "odata" {\n  enabled = true\n}\n';
}

function uniformLayer(index: number): string {
  return `layer "l${index}" {\n  title = "Layer ${index}"\n  data_source = data_source.db\n  table = "t${index}"\n` +
    '  id_field = "id"\n  geometry {\n    column = "geom"\n    type = "Point"\n  }\n  services = [service.odata]\n}\n';
}

function databasesOf(count: number): number {
  return Math.max(3, Math.floor(count / 200));
}

function mixedHead(random: Random, count: number): string {
  const databases = Array.from(
    { length: databasesOf(count) },
    (_, index) =>
      `data_source "db${index}" {\n  provider = "postgresql"\n  connection = env("${CONNECTION_VARIABLE}")\n` +
      `  pool {\n    min_size = ${random.below(5)}\n    max_size = ${10 + random.below(50)}\n  }\n}\n`,
  );
  const services = SERVICES.map((name) => `service "${name}" {\n  enabled = true\n}\n`);
  return `honua {\n  version = "1.0"\n  environment = "development"\n}\nvariable "schema" = "public"\n` +
    [...databases, ...services].join("");
}

function mixedLayer(random: Random, index: number, databases: number): string {
  const word = () => `${random.pick(WORDS)}_${random.pick(WORDS)}`;
  const maybe = (one: number, text: () => string) => random.below(one) === 0 ? text() : "";
  const isExplicit = random.below(3) === 0;
  const [id, display] = [word(), maybe(2, word)];
  const isSchema = random.below(50) === 0;
  return [
    maybe(3, () => `# Layer ${index}: ${word()}\n`),
    `layer "layer_${index}" {\n`,
    `  title = "Layer ${index} ${word()}"${maybe(5, () => `  # ${word()}`)}\n`,
    maybe(2, () => `  description = "Description of ${word()}${maybe(20, () => " Kaua\u02bbi")}"\n`),
    `  data_source = data_source.db${random.below(databases)}\n`,
    `  table       = "${isSchema ? "${var.schema}" : "public"}.${word()}_${index}"\n`,
    `  id_field    = "${id}"\n`,
    display === "" ? "" : `  display_field = "${display}"\n`,
    isExplicit ? "  introspect_fields = false\n" : "",
    geometry(random),
    isExplicit ? explicitFields(random, ["geom", id, display], word) : "",
    servicesOf(random),
    "}\n\n",
  ].join("");
}

function geometry(random: Random): string {
  const type = random.pick(["Point", "Polygon", "LineString"]);
  const srid = random.pick([4326, 3857, 2249]);
  const sign = random.below(10) === 0 ? "= " : "";
  return `\n  geometry ${sign}{\n    column = "geom"\n    type   = "${type}"\n    srid   = ${srid}\n  }\n`;
}

function explicitFields(random: Random, needed: readonly string[], word: () => string): string {
  const further = Array.from({ length: 3 + random.below(25) }, word);
  const names = new Set([...needed, ...further].filter((name) => name !== ""));
  const fields = [...names].map((name) => {
    const type = random.pick(["int", "string", "double", "datetime"]);
    return `    ${name.padEnd(20)} = { type = "${type}", nullable = ${random.below(2) === 0} }\n`;
  });
  return `\n  fields {\n${fields.join("")}  }\n`;
}

function servicesOf(random: Random): string {
  const names = new Set(Array.from({ length: 1 + random.below(6) }, () => random.pick(SERVICES)));
  const items = [...names].map((name) => random.below(4) > 0 ? `service.${name}` : `"${name}"`);
  const isTall = random.below(2) === 0;
  return isTall ? `\n  services = [\n    ${items.join(",\n    ")}\n  ]\n` : `\n  services = [${items.join(", ")}]\n`;
}
