// Random configurations in Honua's JSON form, mostly valid, with all that a server's grammar cannot say in them:
// hostile texts come from the environment, so that nothing but the server would expand them.
import type { Random } from "../support/random.ts";

/** A source and the environment that it refers to. */
export interface RandomConfig {
  readonly source: Record<string, unknown>;
  readonly environment: Record<string, string>;
}

/** Makes a configuration. */
export function randomConfig(random: Random): RandomConfig {
  const draw = new Draw(random);
  const ids = { source: draw.ids(1, 4), service: draw.ids(1, 5), layer: draw.ids(0, 6), cache: draw.ids(0, 3) };
  const source: Record<string, unknown> = {
    honua: draw.honua(),
    dataSources: entries(ids.source, () => draw.dataSource()),
    services: entries(ids.service, () => draw.service()),
    layers: entries(ids.layer, () => draw.layer(ids.source, ids.service)),
    caches: entries(ids.cache, () => draw.cache()),
    variables: entries(draw.names(0, 6), () => draw.value()),
    ...(draw.chance(2) ? { rateLimit: draw.rateLimit() } : {}),
    ...(draw.chance(6) ? { logging: draw.value() } : {}),
  };
  return { source, environment: draw.environment };
}

const FRAGMENTS = [
  ...['"', "'", "\\", "\n", "\r\n", "\r", "\t", "\u2028", "\u2029", "\0", "\ufeff", "\u0085", "\x7f", " ", "  "],
  ...["😀", "\u{10ffff}", "é", "e\u0301", "日本", "\\n", "\\", "\\u0041", "%", "$", "$$", "{", "}", "[", "]", "=", ","],
  ...["#", "//", "/*", "*/", "<<EOT", "true", "false", "null", "42", "-1", "1.5", "a", "word", "x=1"],
  ...["${env:NOPE}", "$${env:NOPE}", "${env:", 'env("NOPE")', "env('NOPE')", "env(NOPE)", 'env("', "${env:}"],
  ...[
    "var.nope",
    "var.x",
    "pgvar.internal",
    "var.",
    "var.é",
    "VAR.x",
    "${var.x}",
    "honua_configd",
    'variable "a" = "b"',
  ],
];

const NAMES = [
  ...[
    "a",
    "b1",
    "_x",
    "_",
    "5x",
    "007",
    "ʻo",
    "é",
    "日本",
    "Ǆ",
    "٣",
    "true",
    "false",
    "env",
    "var",
    "variable",
    "honua",
  ],
  ...["a-b", "a.b", "a b", "😀", "𝒜a", "e\u0301", "a\n", '"', "__proto__", "constructor", "enabled", "type", "Type"],
  ...["max_page_size", "default_crs", "csv_enabled", "wfs_enabled", "collections_enabled", "honua_configd__a", "id"],
];

const IDS = [
  ...[
    "main",
    "other",
    "odata",
    "ogc_api",
    "roads-5",
    "5",
    "é",
    "日本",
    "a b",
    'q"q',
    "b\\s",
    "l\nf",
    "c\rr",
    "😀",
    "n\0l",
  ],
  ...["${env:X}", "$${x}", "env('X')", "__proto__", "toString", "\ufeffx", "a/*", "#", "'"],
];

class Draw {
  readonly environment: Record<string, string> = {};
  readonly #random: Random;
  readonly #ids: string[];
  constructor(random: Random) {
    this.#random = random;
    this.#ids = [...IDS];
  }

  chance(of: number): boolean {
    return this.#random.below(of) === 0;
  }

  /** Each id once in a configuration. */
  ids(least: number, most: number): string[] {
    const count = least + this.#random.below(most - least + 1);
    return Array.from({ length: count }, () => this.#ids.splice(this.#random.below(this.#ids.length), 1)[0]!);
  }

  names(least: number, most: number): string[] {
    const count = least + this.#random.below(most - least + 1);
    return [...new Set(Array.from({ length: count }, () => this.#random.pick(NAMES)))];
  }

  /** A text by way of the environment, so that it stays unchanged. */
  text(start = ""): string {
    const length = this.#random.below(5);
    return this.exactly(start + Array.from({ length }, () => this.#random.pick(FRAGMENTS)).join(""));
  }

  exactly(value: string): string {
    const name = `S${Object.keys(this.environment).length}`;
    this.environment[name] = value;
    return `\${env:${name}}`;
  }

  texts(): string[] {
    return Array.from({ length: this.#random.below(4) }, () => this.text());
  }

  whole(): number {
    return this.#random.pick([1, 2, 100, 2 ** 31 - 1]);
  }

  value(): unknown {
    const kinds: (() => unknown)[] = [
      () => this.text(),
      () => this.text(this.#random.pick(["42", "-7", " 1000 ", "true", "FALSE", "99999999999", "1e3", "var.x"])),
      () => this.spelled(),
      () => this.#random.pick([0, -0, 1, -1, 42, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, -(2 ** 31) - 1, 2 ** 40, 1.5, 1e-7]),
      () => this.chance(2),
      () => this.texts(),
      () => this.#random.pick([null, {}, { a: 1 }, [1], [null], [["a"]], ["a", 2], [true], [{}]]),
    ];
    return this.#random.pick(kinds)();
  }

  /** A text that spells a number or a truth. */
  spelled(): string {
    return this.exactly(
      this.#random.pick(["42", "-7", " 1000 ", "+5", "true", "FALSE", " True ", "2147483648", "1.0"]),
    );
  }

  honua(): unknown {
    return {
      ...this.#some({ environment: () => this.text("e"), allowedHosts: () => this.texts(), odd: () => this.value() }),
      ...this.#some({ cors: () => ({ allowAnyOrigin: this.chance(2), allowedOrigins: this.texts() }) }),
    };
  }

  dataSource(): unknown {
    return {
      provider: "postgresql",
      connection: this.text("c"),
      ...this.#some({
        healthCheck: () => this.text(),
        pool: () => this.#some({ minSize: () => 1, maxSize: () => this.whole(), timeout: () => this.whole() }),
        readOnly: () => this.chance(2),
        maxReplicationLag: () => this.whole(),
      }),
    };
  }

  service(): unknown {
    return {
      enabled: !this.chance(6),
      settings: entries(this.names(0, 6), () => this.value()),
      ...this.#some({ type: () => this.text("t"), odd: () => this.value() }),
    };
  }

  layer(sources: readonly string[], services: readonly string[]): unknown {
    return {
      title: this.text("t"),
      dataSource: this.exactly(this.#random.pick(sources)),
      table: this.text("t"),
      idField: this.text("i"),
      services: services.filter(() => this.chance(2)).map((id) => this.exactly(id)),
      ...this.#some({
        description: () => this.text(),
        displayField: () => this.text(),
        introspectFields: () => true,
        fields: () => entries(this.names(0, 5), () => ({ type: this.text("f"), nullable: this.chance(2) })),
        geometry: () => ({ column: this.text("g"), type: "Point", srid: this.whole() }),
        odd: () => this.value(),
      }),
      ...(this.chance(4) ? { introspectFields: false, fields: { id: { type: "int" }, "a-b": { type: "int" } } } : {}),
    };
  }

  cache(): unknown {
    return {
      type: this.#random.pick(["redis", "memory"]),
      enabled: this.chance(2),
      connection: this.text("c"),
      requiredIn: this.chance(2) ? [] : ["nowhere", "var.x"],
    };
  }

  rateLimit(): unknown {
    return {
      enabled: this.chance(2),
      store: this.text("s"),
      rules: entries(this.names(0, 4), () => ({ requests: this.whole(), window: this.text("1m") })),
    };
  }

  #some(members: Record<string, () => unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(members).filter(() => this.chance(2)).map(([name, make]) => [name, make()]),
    );
  }
}

/** An object that may have a member of any name, and is written as JSON with it. */
function entries(names: readonly string[], make: (name: string) => unknown): Record<string, unknown> {
  const result = Object.setPrototypeOf({}, null) as Record<string, unknown>;
  for (const name of names) result[name] = make(name);
  return result;
}
