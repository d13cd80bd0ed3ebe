// That the two lists of names cannot drift apart: those by which the JSON form is read, and those of the schema.
import { assert, assertEquals } from "@std/assert";
import {
  blockMembers,
  labelledBlocks,
  type Members,
  type SettingShape,
  singleBlocks,
} from "../../src/config/schema.ts";
import { type JsonShape as JsonShape, TOP_SHAPES } from "../../src/document/json/json_document.ts";

/** Members that JSON has and HCL has not: ids beside their keys, and a service's settings in their own object. */
const JSON_ONLY: Readonly<Record<string, readonly string[]>> = {
  data_source: ["id"],
  service: ["id", "settings"],
  layer: ["id"],
  cache: ["id"],
};

/** `pool.minsize min_size` for every member, at every depth; `*` is a name that people give. */
function jsonNames(members: ReadonlyMap<string, JsonShape>, path = ""): string[] {
  return [...members].flatMap(([key, shape]) => {
    const own = `${path}${key}`;
    const each = shape.each?.members ?? new Map();
    return [
      `${own} ${shape.name}`,
      ...jsonNames(shape.members ?? new Map(), `${own}.`),
      ...jsonNames(each, `${own}.*.`),
    ];
  });
}

/** The same of the schema. */
function schemaNames(members: Members, path = ""): string[] {
  return [...members.values()].flatMap(({ name, key, shape }) => {
    const own = `${path}${key.toLowerCase()}`;
    return [`${own} ${name}`, ...schemaNamesInside(shape, own)];
  });
}

function schemaNamesInside(shape: SettingShape, path: string): string[] {
  if (shape.kind === "object") return schemaNames(shape.members, `${path}.`);
  if (shape.kind !== "map" || shape.entry.kind !== "object") return [];
  const named = shape.listedBy === null ? [] : [`${path}.*.${shape.listedBy} ${shape.listedBy}`];
  return [...named, ...schemaNames(shape.entry.members, `${path}.*.`)];
}

Deno.test("the JSON form knows the members of the schema, by the same names in HCL, and no others", () => {
  for (const [type, key] of Object.entries({ ...labelledBlocks, ...singleBlocks })) {
    const top = TOP_SHAPES.get(key.toLowerCase());
    assertEquals(top?.name, type);
    const inside = type in labelledBlocks ? top!.each : top;
    assert(inside?.members);
    const own = (JSON_ONLY[type] ?? []).map((name) => `${name} ${name}`);
    const expected = [...own, ...schemaNames(blockMembers[type as keyof typeof blockMembers])];
    assertEquals(jsonNames(inside.members).sort(), expected.sort(), type);
  }
  const others = [...TOP_SHAPES.values()].map(({ name }) => name).filter((name) => !Object.hasOwn(blockMembers, name));
  assertEquals(others, ["variable"]);
});
