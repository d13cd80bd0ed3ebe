// The names that Honua's JSON form knows, and the HCL names of the same things. This is about spelling alone: what a
// member means, and whether it may stand where it does, is config's to say.

/** A known member: its name in HCL, and what is known of the names inside it. */
export interface Shape {
  /** The block type or attribute name in HCL. */
  readonly name: string;
  /** Known members by their JSON name in lower case; null where none is known. */
  readonly members: ReadonlyMap<string, Shape> | null;
  /** What each entry is where the names are ids or people's own; null where they are not. */
  readonly each: Shape | null;
}

/** The known top-level members, by their JSON name in lower case. */
export const TOP_SHAPES: ReadonlyMap<string, Shape> = new Map([
  [
    "honua",
    block("honua", ["version", "environment", "logLevel", "allowedHosts"], [
      block("cors", ["allowAnyOrigin", "allowedOrigins", "allowCredentials"]),
    ]),
  ],
  [
    "datasources",
    byName("data_source", ["id", "provider", "connection", "healthCheck", "readOnly", "maxReplicationLag"], [
      block("pool", ["minSize", "maxSize", "timeout"]),
    ]),
  ],
  ["services", byName("service", ["id", "type", "enabled", "settings"])],
  [
    "layers",
    byName("layer", [
      "id",
      "title",
      "dataSource",
      "table",
      "description",
      "idField",
      "displayField",
      "introspectFields",
      "services",
    ], [
      block("geometry", ["column", "type", "srid"]),
      byName("fields", ["name", "type", "nullable"]),
    ]),
  ],
  ["caches", byName("cache", ["id", "type", "enabled", "connection", "requiredIn"])],
  ["ratelimit", block("rate_limit", ["enabled", "store"], [byName("rules", ["requests", "window"])])],
  ["variables", byName("variable", [])],
]);

/** The shape that a JSON name stands for there, whatever its case; undefined where it stands for none. */
export function findShape(members: ReadonlyMap<string, Shape>, jsonName: string): Shape | undefined {
  return members.get(jsonName.toLowerCase());
}

/** A shape with members of these JSON names, simple ones and ones with names inside. */
function block(name: string, simple: readonly string[], nested: readonly Shape[] = []): Shape {
  const members = new Map<string, Shape>();
  for (const one of simple) members.set(one.toLowerCase(), { name: snakeCase(one), members: null, each: null });
  for (const one of nested) members.set(one.name, one);
  return { name, members, each: null };
}

/** A shape whose entries are named by people, each with these members. */
function byName(name: string, simple: readonly string[], nested: readonly Shape[] = []): Shape {
  return { name, members: null, each: block("", simple, nested) };
}

function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
