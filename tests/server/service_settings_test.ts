// How a server takes the settings of a service: each setting that it looks at, and the values next to those that it
// takes.
import { assertEquals } from "@std/assert";
import type { Json } from "../../src/config/json.ts";
import { type ServerReading, serverReadingOf } from "../../src/server/service_settings.ts";

/** The value as it is written, the value that the server expects, or why it is not written. */
function taken(name: string, value: Json): unknown {
  const reception: ServerReading = serverReadingOf(name, value);
  switch (reception.kind) {
    case "written":
      return reception.value;
    case "ignored":
      assertEquals(reception.value, value as typeof reception.value, "it is written as it is");
      return `overlooked for ${reception.wanted}`;
    case "unsupported":
      return `unsayable for ${reception.wanted}`;
    default:
      return reception.kind;
  }
}

Deno.test("the names that every service has are taken, and those that the grammar has not cannot be written", () => {
  for (const name of ["enabled", "type"]) assertEquals(taken(name, true), "reserved");
  assertEquals([taken("enabled_", true), taken("types", true), taken("a-b", "x")], [true, true, "invalid-name"]);
});

Deno.test("a setting that the server does not look at is written unchanged, if the grammar can say it", () => {
  const values: Json[] = ["10", "true", 10, true, ["a"]];
  assertEquals(values.map((value) => taken("title", value)), values);
  for (const value of [null, 0.5, {}, [1]]) assertEquals(taken("title", value), "unsayable for null");
  // Names that are nearly those that it looks at.
  for (const name of ["max_page_sizes", "wfs", "wfs_enabled_", "xwfs_enabled", "_enabled"]) {
    assertEquals(taken(name, "10"), "10", name);
  }
});

Deno.test("a page's size is a whole number of 32 bits, also as a text that spells one", () => {
  const wanted = "a whole number of 32 bits";
  const sizes: [Json, number][] = [
    ...[[10, 10], ["10", 10], [" 10\n", 10], ["+10", 10], ["-10", -10], ["007", 7]] as [Json, number][],
    ["2147483647", 2_147_483_647],
    ["-2147483648", -2_147_483_648],
    ["5".padStart(20, "0"), 5],
  ];
  for (const [value, size] of sizes) assertEquals(taken("max_page_size", value), size, JSON.stringify(value));
  const texts = [
    "",
    " ",
    "ten",
    "1e3",
    "10.0",
    "0x10",
    "1 0",
    "--1",
    "10x",
    "x10",
    "2147483648",
    "5".padStart(21, "0"),
  ];
  for (const value of [...texts, true, ["10"]]) {
    assertEquals(taken("max_page_size", value), `overlooked for ${wanted}`, JSON.stringify(value));
  }
  for (const value of [0.5, 2 ** 31, {}, [1]]) assertEquals(taken("max_page_size", value), `unsayable for ${wanted}`);
  assertEquals(taken("max_page_size", null), "unsayable for null");
});

Deno.test("a coordinate system is a text", () => {
  assertEquals([taken("default_crs", "EPSG:4326"), taken("default_crs", "5")], ["EPSG:4326", "5"]);
  for (const value of [4326, true, []]) assertEquals(taken("default_crs", value), "overlooked for a text");
});

const SWITCHES = ["collections", "wfs", "wms", "wmts", "csw", "wcs", "csv", "kml", "kmz", "shapefile", "geopackage"];
const MORE_SWITCHES = ["flatgeobuf", "geoarrow", "geoparquet", "pmtiles", "topojson"];

Deno.test("a switch is true or false, also as a text that spells it in any case", () => {
  for (const name of [...SWITCHES, ...MORE_SWITCHES].map((name) => `${name}_enabled`)) {
    const values: Json[] = [true, false, "true", "false", " TRUE\n", "False"];
    assertEquals(values.map((value) => taken(name, value)), [true, false, true, false, true, false], name);
    for (const value of ["yes", "1", "", "truee", 1, 0, []]) {
      assertEquals(taken(name, value), "overlooked for true or false", `${name} ${value}`);
    }
  }
});
