// Reads the file of a Honua server by the description of its grammar: words, texts, whole numbers, lists, and `name = {
// … }`. It is as strict as a server, so each mistake is an exception. Afterwards it expands, as a server does,
// connections, health checks, stores, and the texts of services once more.

/** The model of a server, with the names of the snapshot, and the server's defaults for missing settings. */
export interface ServerModel {
  honua: Record<string, unknown>;
  dataSources: Record<string, Record<string, unknown>>;
  services: Record<string, Record<string, unknown>>;
  layers: Record<string, Record<string, unknown>>;
  caches: Record<string, Record<string, unknown>>;
  rateLimit?: Record<string, unknown>;
  variables: Record<string, unknown>;
}

/** Reads a file and expands it in an empty environment; throws as a server does. */
export function readServerFile(text: string): ServerModel {
  if (text.trim() === "") throw new Error("the file is empty");
  const model: ServerModel = {
    honua: BLOCKS.honua(new Map()),
    dataSources: table(),
    services: table(),
    layers: table(),
    caches: table(),
    variables: table(),
  };
  const tokens = new Tokens(text);
  while (!tokens.isAtEnd()) readTop(tokens, model);
  return expand(model);
}

function readTop(tokens: Tokens, model: ServerModel): void {
  const type = tokens.word();
  switch (type) {
    case "honua":
      model.honua = BLOCKS.honua(readBody(tokens));
      return;
    case "rate_limit":
      model.rateLimit = BLOCKS.rate_limit(readBody(tokens));
      return;
    case "variable":
    case "var": {
      const name = tokens.text();
      tokens.sign("=");
      model.variables[name] = free(readValue(tokens), name);
      return;
    }
    case "data_source":
    case "service":
    case "layer":
    case "cache": {
      const id = tokens.text();
      const block = BLOCKS[type](readBody(tokens), id);
      model[SECTIONS[type]][id] = { id, ...block };
      return;
    }
    default:
      throw new Error(`no block begins with ${JSON.stringify(type)}`);
  }
}

const SECTIONS = { data_source: "dataSources", service: "services", layer: "layers", cache: "caches" } as const;

/** A value before its type is checked; a body is a map. */
type Raw = string | number | boolean | string[] | Body;
type Body = Map<string, Raw>;

function readBody(tokens: Tokens): Body {
  const body: Body = new Map();
  tokens.sign("{");
  while (!tokens.takes("}")) {
    const name = tokens.word();
    tokens.sign("=");
    body.set(name, readValue(tokens));
  }
  return body;
}

function readValue(tokens: Tokens): Raw {
  if (tokens.sees("{")) return readBody(tokens);
  if (!tokens.takes("[")) return tokens.scalar();
  const items: string[] = [];
  while (!tokens.takes("]")) {
    items.push(tokens.text());
    tokens.takes(",");
  }
  return items;
}

/** The parts of a file one after the other, without white space and comments. */
class Tokens {
  #at = 0;
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #skip(): void {
    while ((this.#match(/[\t-\r \u0085\p{Z}]+|(?:#|\/\/)[^\n]*|\/\*[^]*?(?:\*\/|$)/uy) ?? "") !== "");
  }

  #fail(wanted: string): never {
    throw new Error(`${wanted} expected before ${JSON.stringify(this.#text.slice(this.#at, this.#at + 40))}`);
  }

  isAtEnd(): boolean {
    this.#skip();
    return this.#at >= this.#text.length;
  }

  sees(sign: string): boolean {
    this.#skip();
    return this.#text.startsWith(sign, this.#at);
  }

  takes(sign: string): boolean {
    if (!this.sees(sign)) return false;
    this.#at += sign.length;
    return true;
  }

  sign(sign: string): void {
    if (!this.takes(sign)) this.#fail(sign);
  }

  /** Letters, digits and `_`, each of one UTF-16 unit. */
  word(): string {
    this.#skip();
    // A class without the flag u matches units but knows no \p, so letters beyond 16 bits are excluded here.
    const word = this.#match(/(?:(?![\u{10000}-\u{10ffff}])[\p{L}\p{Nd}_])+/uy);
    return word ?? this.#fail("a name");
  }

  text(): string {
    this.#skip();
    const found = this.#match(/"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'/y);
    if (found === null) return this.#fail("a text");
    const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };
    return found.slice(1, -1).replace(/\\([^])/g, (_, character: string) => escapes[character] ?? character);
  }

  scalar(): string | number | boolean {
    if (this.sees('"') || this.sees("'")) return this.text();
    const number = this.#match(/-?\d+(?![\p{L}\p{Nd}_])/uy);
    if (number !== null) {
      const value = Number(number);
      return Math.abs(value + 0.5) <= 2 ** 31 ? value + 0 : this.#fail("a whole number of 32 bits");
    }
    const word = this.#match(/(?:true|false)(?![\p{L}\p{Nd}_])/uy);
    return word === null ? this.#fail("a value") : word === "true";
  }
}

/** Converts a raw value to its type, or throws. */
type Typed = (raw: Raw, path: string) => unknown;

function typed(name: string, is: (raw: Raw) => boolean): Typed {
  return (raw, path) => {
    if (!is(raw)) throw new Error(`${path} has to be ${name}`);
    return raw;
  };
}

const text = typed("a text", (raw) => typeof raw === "string");
const whole = typed("a whole number", (raw) => typeof raw === "number");
const truth = typed("true or false", (raw) => typeof raw === "boolean");
const texts = typed("a list of texts", (raw) => Array.isArray(raw));
const free = typed("a text, a whole number, true or false, or a list of texts", (raw) => !(raw instanceof Map));

/** Known settings: the type and the default; a setting without a default may be absent. */
type Members = Record<string, readonly [Typed, unknown?]>;

/** A body with known settings and no others. */
function body(members: Members): (raw: Raw, path?: string) => Record<string, unknown> {
  return (raw, path = "") => {
    if (!(raw instanceof Map)) throw new Error(`${path} has to be a body`);
    const result: Record<string, unknown> = {};
    for (const [name, value] of raw) {
      if (!Object.hasOwn(members, name)) throw new Error(`${path}.${name} is unknown`);
      result[keyOf(name)] = members[name]![0](value, `${path}.${name}`);
    }
    for (const [name, [, fallback]] of Object.entries(members)) {
      if (fallback !== undefined && !raw.has(name)) result[keyOf(name)] = structuredClone(fallback);
    }
    return result;
  };
}

function keyOf(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A body with any names. */
function map(entry: Typed): Typed {
  return (raw, path) => {
    if (!(raw instanceof Map)) throw new Error(`${path} has to be a body`);
    const result = table<unknown>();
    for (const [name, value] of raw) result[name] = entry(value, `${path}.${name}`);
    return result;
  };
}

function table<T>(): Record<string, T> {
  return Object.setPrototypeOf({}, null);
}

const layerOf = body({
  title: [text, ""],
  data_source: [text, ""],
  table: [text, ""],
  description: [text],
  geometry: [body({ column: [text, ""], type: [text, ""], srid: [whole, 4326] })],
  id_field: [text, ""],
  display_field: [text],
  introspect_fields: [truth, true],
  fields: [map(body({ type: [text, ""], nullable: [truth, true] }))],
  services: [texts, []],
});

const BLOCKS = {
  honua: body({
    version: [text, "1.0"],
    environment: [text, "development"],
    log_level: [text, "information"],
    allowed_hosts: [texts, []],
    cors: [body({
      allow_any_origin: [truth, false],
      allowed_origins: [texts, []],
      allow_credentials: [truth, false],
    })],
  }),
  data_source(raw: Body): Record<string, unknown> {
    const known = body({
      provider: [text, ""],
      connection: [text, ""],
      health_check: [text],
      pool: [body({ min_size: [whole, 1], max_size: [whole, 10], timeout: [whole, 30] })],
    });
    return { ...known(raw, "data_source"), readOnly: false };
  },
  service(raw: Body, id: string): Record<string, unknown> {
    const settings = table<unknown>();
    for (const [name, value] of raw) {
      if (name !== "enabled" && name !== "type") settings[name] = free(value, `service.${name}`);
    }
    return {
      type: text(raw.get("type") ?? id, "service.type"),
      enabled: truth(raw.get("enabled") ?? true, "service.enabled"),
      settings,
    };
  },
  layer: (raw: Body): Record<string, unknown> => layerOf(raw, "layer"),
  cache: (raw: Body): Record<string, unknown> =>
    body({ type: [text, "memory"], enabled: [truth, true], connection: [text], required_in: [texts, []] })(
      raw,
      "cache",
    ),
  rate_limit: body({
    enabled: [truth, true],
    store: [text, "memory"],
    rules: [map(body({ requests: [whole, 1000], window: [text, "1m"] })), {}],
  }),
};

function expand(model: ServerModel): ServerModel {
  const lookUp = (values: Readonly<Record<string, unknown>>) => (_: string, name: string) => {
    if (!Object.hasOwn(values, name)) throw new Error(`${name} is not defined`);
    return `${values[name]}`;
  };
  const once = (value: string) =>
    value.replace(/\$\{env:([^}]+)\}/g, lookUp({}))
      .replace(/env\(["']([^"']+)["']\)/g, lookUp({}))
      .replace(/var\.([\p{L}\p{Mn}\p{Nd}\p{Pc}]+)/gu, lookUp(model.variables));
  const texts = (from: Record<string, unknown>, names: readonly string[]) => {
    for (const name of names) if (typeof from[name] === "string") from[name] = once(from[name]);
  };
  for (const source of Object.values(model.dataSources)) texts(source, ["connection", "healthCheck"]);
  for (const cache of Object.values(model.caches)) texts(cache, ["connection"]);
  for (const service of Object.values(model.services)) {
    const settings = service.settings as Record<string, unknown>;
    texts(settings, Object.keys(settings));
  }
  if (model.rateLimit !== undefined) texts(model.rateLimit, ["store"]);
  return model;
}
