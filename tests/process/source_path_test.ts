// Who names the source, and in what order it is looked for where nobody does.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findSource, sourceNames } from "../../src/process/source_path.ts";

const nothing = { flag: null, option: null, environment: {}, directories: ["/srv", "/etc/honua/"] };

Deno.test("a flag beats the option, which beats HONUA_CONFIG_PATH, and none of them is looked for", async () => {
  const exists = () => Promise.reject(new Error("asked"));
  const named = { ...nothing, exists, flag: "/f", option: "/o", environment: { HONUA_CONFIG_PATH: "/e" } };
  assertEquals(await findSource(named), { ok: true, path: "/f" });
  assertEquals(await findSource({ ...named, flag: null }), { ok: true, path: "/o" });
  assertEquals(await findSource({ ...named, flag: null, option: null }), {
    ok: true,
    path: "/e",
  });
});

Deno.test("a directory is searched to its end before the next one", async () => {
  const asked: string[] = [];
  const exists = (path: string) => {
    asked.push(path);
    return Promise.resolve(path === "/etc/honua/honua.hcl");
  };
  assertEquals(await findSource({ ...nothing, exists }), { ok: true, path: "/etc/honua/honua.hcl" });
  assertEquals(asked.slice(0, 8), [
    "/srv/honua.development.hcl",
    "/srv/honua.development.honua",
    "/srv/honua.config.hcl",
    "/srv/honua.config.honua",
    "/srv/honua.hcl",
    "/srv/honua.honua",
    "/srv/config.hcl",
    "/etc/honua/honua.development.hcl",
  ]);
});

Deno.test("the environment's name is looked for as written and in lower case, ours first", () => {
  const environment = { HONUA_ENVIRONMENT: "", ASPNETCORE_ENVIRONMENT: "Production", DOTNET_ENVIRONMENT: "Staging" };
  assertEquals(sourceNames(environment).slice(0, 4), [
    "honua.Production.hcl",
    "honua.Production.honua",
    "honua.production.hcl",
    "honua.production.honua",
  ]);
});

Deno.test("an environment's name that is a path is not looked for", () => {
  for (const name of ["../../etc/shadow", "a/b", "a\0b", "x".repeat(100), ".hidden"]) {
    assertEquals(sourceNames({ HONUA_ENVIRONMENT: name })[0], "honua.config.hcl");
  }
});

Deno.test("a source that is nowhere is an error that lists what was tried and quotes no variable", async () => {
  const environment = { HONUA_ENVIRONMENT: "hunter2" };
  const result = await findSource({ ...nothing, environment, exists: () => Promise.resolve(false) });
  assert(!result.ok);
  assertStringIncludes(result.diagnostic.why!, "/srv and /etc/honua/ for honua.<environment>.hcl");
  assertStringIncludes(result.diagnostic.why!, "config.hcl");
  assert(!JSON.stringify(result).includes("hunter2"));
});

Deno.test("by default a regular file counts, also behind a symlink, and a directory does not", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${directory}/honua.config.hcl`);
    await Deno.writeTextFile(`${directory}/real`, "");
    await Deno.symlink(`${directory}/real`, `${directory}/config.hcl`);
    const result = await findSource({ ...nothing, directories: [directory] });
    assertEquals(result, { ok: true, path: `${directory}/config.hcl` });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
