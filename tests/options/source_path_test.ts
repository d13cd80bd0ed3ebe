// The settings that name the source, and the order of the search if none does.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findSource, sourceNames } from "../../src/options/source_path.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const unnamed = { configurationV2: { path: null }, configPath: null };
const nothing = { flag: null, options: unnamed, environment: {}, directories: ["/srv", "/etc/honua/"] };

Deno.test("a flag, Honua:ConfigurationV2:Path, HONUA_CONFIG_PATH and Honua:ConfigPath count in this order", async () => {
  const exists = () => Promise.reject(new Error("asked"));
  const options = { configurationV2: { path: "/o" }, configPath: "/p" };
  const named = { ...nothing, exists, flag: "/f", options, environment: { HONUA_CONFIG_PATH: "/e" } };
  assertEquals(await findSource(named), { ok: true, path: "/f", decidedBy: "--config" });
  const noFlag = { ...named, flag: null };
  assertEquals(await findSource(noFlag), { ok: true, path: "/o", decidedBy: "Honua:ConfigurationV2:Path" });
  const noOption = { ...noFlag, options: { ...unnamed, configPath: "/p" } };
  assertEquals(await findSource(noOption), { ok: true, path: "/e", decidedBy: "HONUA_CONFIG_PATH" });
  for (const environment of [{}, { HONUA_CONFIG_PATH: "" }]) {
    assertEquals(await findSource({ ...noOption, environment }), {
      ok: true,
      path: "/p",
      decidedBy: "Honua:ConfigPath",
    });
  }
});

Deno.test("a directory is searched to its end before the next one", async () => {
  const asked: string[] = [];
  const exists = (path: string) => {
    asked.push(path);
    return Promise.resolve(path === "/etc/honua/honua.hcl");
  };
  assertEquals(await findSource({ ...nothing, exists }), {
    ok: true,
    path: "/etc/honua/honua.hcl",
    decidedBy: "the search (the environment is Production, since no variable names it)",
  });
  assertEquals(asked.slice(0, 10), [
    "/srv/honua.production.hcl",
    "/srv/honua.production.honua",
    "/srv/honua.Production.hcl",
    "/srv/honua.Production.honua",
    "/srv/honua.config.hcl",
    "/srv/honua.config.honua",
    "/srv/honua.hcl",
    "/srv/honua.honua",
    "/srv/config.hcl",
    "/etc/honua/honua.production.hcl",
  ]);
});

Deno.test("the environment is HONUA_ENVIRONMENT, else DOTNET_ENVIRONMENT, else ASPNETCORE_ENVIRONMENT", async () => {
  const variables = [["HONUA_ENVIRONMENT", "Edge"], ["DOTNET_ENVIRONMENT", "Staging"], ["ASPNETCORE_ENVIRONMENT", "Q"]];
  for (const index of variables.keys()) {
    const [[variable, name] = []] = variables.slice(index);
    const unset = variables.slice(0, index).map(([other]) => [other, " "]);
    const environment = Object.fromEntries([...unset, ...variables.slice(index)]);
    const stems = [`honua.${name?.toLowerCase()}`, `honua.${name}`];
    assertEquals(
      sourceNames(environment).slice(0, 4),
      stems.flatMap((stem) => [`${stem}.hcl`, `${stem}.honua`]),
    );
    const found = await findSource({ ...nothing, environment, exists: () => Promise.resolve(true) });
    assert(found.ok);
    assertEquals(found.decidedBy, `the search (${variable} names the environment)`);
  }
});

Deno.test("an environment's name is up to 64 letters, digits, underscores, dots and dashes", () => {
  for (const name of ["x".repeat(64), "-a.b", "_", "0"]) {
    assertEquals(sourceNames({ HONUA_ENVIRONMENT: name })[0], `honua.${name}.hcl`);
  }
  assertEquals(sourceNames({ HONUA_ENVIRONMENT: " edge " })[0], "honua.edge.hcl");
  for (const name of ["x".repeat(65), "a b", "a\n", "\u00e9"]) {
    assertEquals(sourceNames({ HONUA_ENVIRONMENT: `${name}.` })[0], "honua.config.hcl", name);
  }
});

Deno.test("a name is listed once, and only the environment's is there in both its spellings", () => {
  assertEquals(sourceNames({ HONUA_ENVIRONMENT: "config" }), [
    "honua.config.hcl",
    "honua.config.honua",
    "honua.hcl",
    "honua.honua",
    "config.hcl",
  ]);
});

Deno.test("the tried paths are reported with the default environment's name if no variable names it", async () => {
  const result = await findSource({ ...nothing, exists: () => Promise.resolve(false) });
  assert(!result.ok);
  assertStringIncludes(
    result.diagnostic.why!,
    "for honua.production.hcl, honua.production.honua, honua.Production.hcl",
  );
  assertStringIncludes(result.diagnostic.why!, "; the environment is Production, since no variable names it");
});

Deno.test("an environment's name that is a path is not looked for", () => {
  for (const name of ["../../etc/shadow", "a/b", "a\0b", "x".repeat(100), ".hidden"]) {
    assertEquals(sourceNames({ HONUA_ENVIRONMENT: name })[0], "honua.config.hcl");
  }
});

Deno.test("a source that is nowhere is an error that lists the tried paths and quotes no variable", async () => {
  const environment = { HONUA_ENVIRONMENT: "hunter2" };
  const result = await findSource({ ...nothing, environment, exists: () => Promise.resolve(false) });
  assert(!result.ok);
  assertStringIncludes(result.diagnostic.why!, "/srv and /etc/honua/ for honua.<environment>.hcl");
  assertStringIncludes(result.diagnostic.why!, "config.hcl; HONUA_ENVIRONMENT names the environment");
  assert(!JSON.stringify(result).includes("hunter2"));
});

Deno.test("by default a regular file counts, also behind a symlink, and a directory does not", async () => {
  await using temporary = await temporaryDirectory();
  const directory = temporary.path;
  await Deno.mkdir(`${directory}/honua.config.hcl`);
  await Deno.writeTextFile(`${directory}/real`, "");
  await Deno.symlink(`${directory}/real`, `${directory}/config.hcl`);
  const result = await findSource({ ...nothing, directories: [directory] });
  assert(result.ok);
  assertEquals(result.path, `${directory}/config.hcl`);
});
