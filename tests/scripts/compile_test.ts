// The compiled program as a file: the same one twice, with the files that the daemon needs and nothing else. It is
// built as `deno task compile` builds it, in a directory of the test's own.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compile } from "../../scripts/compile.ts";
import { permissionFlags, PERMISSIONS } from "../../scripts/compile/permissions.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { failToCompile, outputOf, ROOT } from "./compile_runs.ts";

const DIST = await Deno.makeTempDir({ prefix: "honua-dist-" });
globalThis.addEventListener("unload", () => Deno.removeSync(DIST, { recursive: true }));
const COMPILED = await compile(ROOT, DIST);
const BINARY = `${DIST}/honua-configd`;
if (!COMPILED.ok && COMPILED.lacksDenort) console.log(`ignored: ${COMPILED.trouble}`);
const ignore = !COMPILED.ok && COMPILED.lacksDenort;

/** The binary's bytes, each a character. */
async function bytesOf(path: string): Promise<string> {
  return new TextDecoder("latin1").decode(await Deno.readFile(path));
}

Deno.test({ name: "two builds of one commit are equal byte by byte", ignore }, async () => {
  assert(COMPILED.ok, JSON.stringify(COMPILED));
  await using again = await temporaryDirectory();
  assertEquals(await compile(ROOT, again.path), { ok: true });
  await outputOf("cmp", [BINARY, again.file("honua-configd")]);
  assertEquals(await Deno.readTextFile(again.file("SHA256SUMS")), await Deno.readTextFile(`${DIST}/SHA256SUMS`));
});

Deno.test({ name: "the digest beside it is one that sha256sum checks", ignore }, async () => {
  assertEquals(await outputOf("sha256sum", ["--check", "--strict", "SHA256SUMS"], DIST), "honua-configd: OK\n");
});

Deno.test(
  { name: "no development package, test, type file, source map or path of the builder is embedded", ignore },
  async () => {
    const bytes = await bytesOf(BINARY);
    // The list of embedded files is in the binary as JSON, each with its name as `n`.
    const names = [...bytes.matchAll(/"(?:File|Dir)":\{"n":"([^"]+)"/g)].map(([, name]) => name!);
    for (const name of ["main.js", "build.json", "licences.json", "hcl2json", "main.wasm.gz"]) {
      assert(names.includes(name), `${name} is embedded`);
    }
    for (const name of names) assert(!/\.(?:ts|map|md)$|test|LICENSE/i.test(name), `${name} is embedded`);
    const { imports } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
    const taken = new Set([...bytes.matchAll(/^\s*\/\/ node_modules\/\.deno\/([^/\s]+)\//gm)].map(([, one]) => one!));
    assert([...taken].some((one) => one.startsWith("zod@")), "the program's own packages are embedded");
    for (const name of ["typescript", "npm-fast-check", "@sinonjs/fake-timers", "deno-std/assert"]) {
      assert(name in imports, `${name} is a development package`);
      const pinned = imports[name].replace("npm:", "").split("/").slice(0, name.startsWith("@") ? 2 : 1).join("+");
      assert(!taken.has(pinned), `${pinned} is embedded`);
    }
    for (const path of [ROOT, "honua-configd-build-", Deno.env.get("HOME")!]) {
      if (path !== "/") assert(!bytes.includes(`${path}/`), `the path ${path} is embedded`);
    }
  },
);

Deno.test(
  { name: "the version names the commit, and its licences come in full for all that is embedded", ignore },
  async () => {
    const commit = (await outputOf("git", ["-c", `safe.directory=${ROOT}`, "rev-parse", "HEAD"])).trim();
    assertStringIncludes(await outputOf(BINARY, ["version"]), `(commit ${commit.slice(0, 12)}`);
    const { embedded, ...rest } = JSON.parse(await outputOf(BINARY, ["version", "--licenses", "--format", "json"]));
    assertEquals([rest.commit, rest.compiled, rest.deno], [commit, true, Deno.version.deno]);
    const names = embedded.map(({ name }: { name: string }) => name);
    for (const name of ["@cdktf/hcl2json", "ioredis", "zod", "github.com/hashicorp/hcl/v2", "go", "deno", "v8"]) {
      assert(names.includes(name), name);
    }
    for (const { name, version, licence, text } of embedded) {
      assert(text.length > 500 && /copyright|licen[cs]e/i.test(text), name);
      assert(version !== "" && /^[\w.-]+(?: AND [\w.-]+)*$/.test(licence), name);
    }
    const text = await outputOf(BINARY, ["version", "--licenses"]);
    for (const { name, version, licence } of embedded) assertStringIncludes(text, `${name} ${version}: ${licence}\n`);
  },
);

Deno.test({
  name: "a denort for another machine is reported, and leaves nothing behind",
  ignore: ignore || !Deno.env.get("DENORT_BIN"),
}, async () => {
  await using dist = await temporaryDirectory();
  const other = Deno.build.arch === "x86_64" ? "aarch64-unknown-linux-gnu" : "x86_64-unknown-linux-gnu";
  const compiled = await compile(ROOT, dist.path, other);
  assertEquals(compiled, {
    ok: false,
    trouble: `DENORT_BIN names a denort for another machine than ${other}`,
    lacksDenort: false,
  });
  assertEquals(await Array.fromAsync(Deno.readDir(dist.path)), []);
});

Deno.test("if no denort is at its path, one sentence has the advice, and a binary that is there stays", async () => {
  const before = await Deno.stat(`${ROOT}/dist/honua-configd`).catch(() => null);
  assertMatch(
    await failToCompile({ DENORT_BIN: "/nonexistent/denort" }),
    /^compile: DENORT_BIN names no file: set it to the path of the denort of Deno 2\.\d+\.\d+ for \S+\n$/,
  );
  assertEquals((await Deno.stat(`${ROOT}/dist/honua-configd`).catch(() => null))?.mtime, before?.mtime);
});

Deno.test("each permission has a reason, and any other is refused without a question", () => {
  for (const { flag, reason } of PERMISSIONS) {
    assertMatch(flag, /^--allow-[a-z]+(?:=[a-z,]+)?$/i);
    assertMatch(reason, /^[A-Z].*[^.]$/);
  }
  assert(!permissionFlags().some((flag) => flag.startsWith("--allow-all") || flag === "--allow-sys"));
  for (const flag of ["--deny-ffi", "--deny-import", "--no-prompt"]) assert(permissionFlags().includes(flag));
});
