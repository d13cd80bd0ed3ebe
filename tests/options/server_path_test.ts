// The path of the server form, by the options.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readOptions } from "../../src/options/option_reader.ts";

Deno.test("the server form is beside the snapshot unless a path ending as a server knows it is named, or none", () => {
  const at = (settings: Record<string, string>) => {
    const flags = Object.entries(settings).map(([key, value]) => ({ flag: "--set", key, value }));
    return readOptions({ flags, environment: {}, file: null });
  };
  const cases: readonly [Record<string, string>, string | null][] = [
    [{ "Snapshot:Path": "/a/b.json" }, "/a/b.honua"],
    [{ "Snapshot:Path": "/a/b.JSON" }, "/a/b.honua"],
    [{ "Snapshot:Path": "/a/b.json.d/c" }, "/a/b.json.d/c.honua"],
    [{ "Snapshot:Path": "/a/b.honua" }, "/a/b.honua.honua"],
    [{ "Snapshot:Path": "/a/b.json", "Snapshot:ServerPath": "/c.hcl" }, "/c.hcl"],
    [{ "Snapshot:Path": "/a/b.json", "Snapshot:ServerPath": "/c.Honua" }, "/c.Honua"],
    [{ "Snapshot:Path": "/a/b.json", "Snapshot:ServerPath": "" }, null],
  ];
  for (const [settings, serverPath] of cases) {
    const read = at(settings);
    assert(read.ok, JSON.stringify(read));
    assertEquals(read.options.snapshot.serverPath, serverPath);
  }
  for (const wrong of ["/c.json", "/c", ".honua/", "/honua"]) {
    const read = at({ "Snapshot:ServerPath": wrong });
    assert(!read.ok);
    assertStringIncludes(read.diagnostics[0]!.summary, "Snapshot:ServerPath must be a path that ends with .honua or");
  }
});
