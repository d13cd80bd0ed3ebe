import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../src/diagnostic/range.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { compileSource, formatOf } from "../../src/compile.ts";

/** Change these only together with `SNAPSHOT_FORMAT`: a fleet of mixed versions would disagree for ever otherwise. */
const HASH = "f72ac2d1ad0c51698caf91c49ca0aeb73b7cb5929d55c8c5a35033b67ff59623";
const CONTENT_HASH = "721643c06ff4964a1f1aca4c8e265400f61d8908ea8b644ffd95cde714698477";

const ENVIRONMENT: Record<string, string> = {
  HOSTS: "one.example, two.example",
  HOST: "a.example",
  DATABASE_URL: "Host=db;Password=p",
  REDIS_URL: "redis:6379",
};

Deno.test("hash and content hash of a source are the same in every release of this format", async () => {
  await using parser = openBlockParser();
  for (const name of ["golden.hcl", "golden.json"]) {
    const text = await Deno.readTextFile(new URL(`../fixtures/golden/${name}`, import.meta.url));
    const compiled = await compileSource({
      source: sourceText(name, text),
      format: formatOf(name),
      environment: (variable) => ENVIRONMENT[variable],
      validate: true,
      parser,
    });
    assert(compiled.ok, name);
    const { snapshot } = compiled;
    assertEquals<string[]>([snapshot.hash, snapshot.contentHash], [HASH, CONTENT_HASH], name);
  }
});
