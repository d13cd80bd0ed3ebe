import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type TemporaryTree, temporaryTree } from "./temporary_tree.ts";

const script = await Deno.readTextFile(new URL("../../scripts/deno", import.meta.url));
const DIGEST_LINE = /^ {6}digest=[0-9a-f]{64}$/m;
const TOOLS = ["sh", "dd", "dirname", "mkdir", "mktemp", "tar", "gzip", "sha256sum", "sha512sum", "chmod", "mv", "rm"];
const PARSING_TOOLS = ["cat", "sed", "base64", "od", "tr", "sleep"];

// In place of the fetched binary: no `#!`, so the shell runs it and the script does not take it for a shim.
const FAKE_DENO =
  `if [ "$1" = --version ]; then echo "deno 2.7.11 (stand-in)"; else echo "$DENO_TLS_CA_STORE|$*"; fi\n`;
const FAKE_UNAME = `#!/bin/sh\nif [ "$1" = -s ]; then echo Linux; else echo x86_64; fi\n`;
const FAKE_NPM = `#!/bin/sh
echo "npm $*" >>"$LOG"
cat "$ARCHIVE" >deno-linux-x64-glibc-2.7.11.tgz
`;
const FAKE_CURL = `#!/bin/sh
echo "curl $*" >>"$LOG"
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
case $1 in *.tgz) cat "$ARCHIVE" >"$out" ;; *) cat "$METADATA" >"$out" ;; esac
`;

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

interface House extends TemporaryTree {
  run(args: string[], env?: Record<string, string>): Promise<Run>;
  /** The requests to the stand-ins for npm and curl. */
  asked(): Promise<string[]>;
  stored(): string[];
}

async function hexDigest(bytes: BufferSource): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** A checkout with nothing but the script, on a machine whose PATH holds only these programs. */
async function house(programs: Record<string, string>, digest: string | null = null): Promise<House> {
  digest ??= await hexDigest(new TextEncoder().encode(FAKE_DENO));
  assertMatch(script, DIGEST_LINE);
  const tree = await temporaryTree({
    "checkout/scripts/deno": script.replace(DIGEST_LINE, `      digest=${digest}`),
    "package/deno": FAKE_DENO,
    "bin/uname": FAKE_UNAME,
    "log": "",
  });
  const { root } = tree;
  for (const [name, text] of Object.entries(programs)) await Deno.writeTextFile(`${root}/bin/${name}`, text);
  for (const name of ["checkout/scripts/deno", "package/deno", ...Object.keys(programs).map((name) => `bin/${name}`)]) {
    await Deno.chmod(`${root}/${name}`, 0o755);
  }
  await Deno.chmod(`${root}/bin/uname`, 0o755);
  await new Deno.Command("sh", {
    args: ["-c", `tar -czf archive.tgz package; for t in "$@"; do ln -s "$(command -v "$t")" "bin/$t"; done`, "sh"]
      .concat(TOOLS, PARSING_TOOLS),
    cwd: root,
  }).output();
  const shared = {
    PATH: `${root}/bin`,
    LOG: `${root}/log`,
    ARCHIVE: `${root}/archive.tgz`,
    METADATA: `${root}/metadata`,
  };
  return {
    ...tree,
    run: async (args, env = {}) => {
      const command = new Deno.Command(`${root}/checkout/scripts/deno`, {
        args,
        clearEnv: true,
        env: { ...shared, ...env },
      });
      const { code, stdout, stderr } = await command.output();
      return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
    },
    asked: async () => (await Deno.readTextFile(`${root}/log`)).split("\n").slice(0, -1),
    stored: () => {
      try {
        return [...Deno.readDirSync(`${root}/checkout/.deno`)].map(({ name }) => name);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    },
  };
}

Deno.test("Deno is fetched with npm once, reported in one line, and run with the arguments unchanged", async () => {
  await using h = await house({ npm: FAKE_NPM });
  assertEquals(await h.run(["eval", "a  b", "*"]), {
    code: 0,
    output: "system,mozilla|eval a  b *\n",
    errors: "scripts/deno: fetching Deno 2.7.11 from npm into .deno/ (50 MB, once)\n",
  });
  assertEquals(await h.run(["again"], { DENO_TLS_CA_STORE: "mozilla" }), {
    code: 0,
    output: "mozilla|again\n",
    errors: "",
  });
  assertEquals(await h.asked(), ["npm pack --loglevel=error @deno/linux-x64-glibc@2.7.11"]);
  assertEquals(h.stored(), ["deno-2.7.11"]);
});

Deno.test("Deno is fetched with curl if there is no npm, from the registry that the environment names", async () => {
  await using h = await house({ curl: FAKE_CURL });
  const { code, output } = await h.run(["x"], { npm_config_registry: "http://127.0.0.1:9/mirror/" });
  assertEquals([code, output], [0, "system,mozilla|x\n"]);
  const asked = await h.asked();
  assertEquals(asked.length, 1);
  assertMatch(asked[0]!, / http:\/\/127\.0\.0\.1:9\/mirror\/@deno\/linux-x64-glibc\/-\/linux-x64-glibc-2\.7\.11\.tgz$/);
  assertEquals(h.stored(), ["deno-2.7.11"]);
});

Deno.test("curl takes the registry from the user's .npmrc, and the message names the missing setting if nothing names one", async () => {
  await using h = await house({ curl: FAKE_CURL });
  const { code, errors } = await h.run(["x"]);
  assertEquals(code, 3);
  assertStringIncludes(errors, "set npm_config_registry");
  await Deno.writeTextFile(`${h.root}/.npmrc`, "cache=x\nregistry = http://127.0.0.1:9/other\n");
  assertEquals((await h.run(["x"], { HOME: h.root })).output, "system,mozilla|x\n");
  assertMatch((await h.asked())[0]!, / http:\/\/127\.0\.0\.1:9\/other\/@deno\//);
});

Deno.test("runs that fetch at the same time all get a whole Deno", async () => {
  await using h = await house({ npm: FAKE_NPM.replace("cat", "sleep 0.2; cat") });
  const runs = await Promise.all([1, 2, 3, 4].map((n) => h.run([`${n}`])));
  assertEquals(runs.map(({ code, output }) => [code, output]), [1, 2, 3, 4].map((n) => [0, `system,mozilla|${n}\n`]));
  assertEquals(h.stored(), ["deno-2.7.11"]);
});

Deno.test("a binary with another digest is neither run nor kept", async () => {
  await using h = await house({ npm: FAKE_NPM }, "0".repeat(64));
  const { code, output, errors } = await h.run(["x"]);
  assertEquals([code, output], [3, ""]);
  assertStringIncludes(errors, "does not have the digest of Deno 2.7.11");
  assertEquals(h.stored(), []);
});

Deno.test("without a digest of its own an archive fetched with curl is held against npm's metadata", async () => {
  await using h = await house({ curl: FAKE_CURL }, "");
  const right = new Uint8Array(await crypto.subtle.digest("SHA-512", await Deno.readFile(`${h.root}/archive.tgz`)));
  const metadata = (sum: Uint8Array) => `{"dist":{"shasum":"00","integrity":"sha512-${sum.toBase64()}","x":1}}`;
  for (const wrong of [metadata(new Uint8Array(64)), `{"dist":{}}`]) {
    await Deno.writeTextFile(`${h.root}/metadata`, wrong);
    const { code, errors } = await h.run(["x"], { npm_config_registry: "http://127.0.0.1:9" });
    assertEquals(code, 3);
    assertStringIncludes(errors, "does not have the digest of npm's metadata");
    assertEquals(h.stored(), []);
  }
  await Deno.writeTextFile(`${h.root}/metadata`, metadata(right));
  assertEquals((await h.run(["x"], { npm_config_registry: "http://127.0.0.1:9" })).output, "system,mozilla|x\n");
});

Deno.test("a download that fails leaves nothing and ends with 3", async () => {
  await using h = await house({ npm: "#!/bin/sh\necho 'no network' >&2\nexit 1\n" });
  const { code, errors } = await h.run(["x"]);
  assertEquals(code, 3);
  assertStringIncludes(errors, "no network\nscripts/deno: could not download @deno/linux-x64-glibc@2.7.11 with npm\n");
  assertEquals(h.stored(), []);
});

Deno.test("if nothing can be fetched, one line names the program to install", async () => {
  await using tools = await house({});
  const without = await tools.run(["x"]);
  assertEquals(without.code, 3);
  assertStringIncludes(
    without.errors,
    "npm or curl is needed to fetch Deno 2.7.11: install one, or Deno 2.7.11 itself\n",
  );
  await using other = await house({
    npm: FAKE_NPM,
    uname: `#!/bin/sh\nif [ "$1" = -s ]; then echo Darwin; else echo arm64; fi\n`,
  });
  assertEquals(await other.run(["x"]), {
    code: 3,
    output: "",
    errors: "scripts/deno: there is no Deno to fetch for Darwin arm64: install Deno 2.7.11 and set DENO_BIN to it\n",
  });
});

Deno.test("DENO_BIN goes before the deno on PATH, which goes before fetching", async () => {
  await using h = await house({ npm: FAKE_NPM, deno: FAKE_DENO });
  await Deno.writeTextFile(`${h.root}/other deno`, FAKE_DENO.replace('echo "$DENO', 'echo "other|$DENO'), {
    mode: 0o755,
  });
  assertEquals(await h.run(["x"], { DENO_BIN: `${h.root}/other deno` }), {
    code: 0,
    output: "other|system,mozilla|x\n",
    errors: "",
  });
  assertEquals(await h.run(["x"]), { code: 0, output: "system,mozilla|x\n", errors: "" });
  assertEquals(await h.asked(), []);
});

Deno.test("a DENO_BIN of another version, a shim or nothing at all is passed over with a word", async () => {
  await using h = await house({ npm: FAKE_NPM, deno: FAKE_DENO });
  await Deno.writeTextFile(`${h.root}/old`, FAKE_DENO.replace("2.7.11", "2.7.1"), { mode: 0o755 });
  await Deno.writeTextFile(`${h.root}/shim`, `#!/bin/sh\n${FAKE_DENO}`, { mode: 0o755 });
  for (const name of ["old", "shim", "missing"]) {
    const { code, output, errors } = await h.run(["x"], { DENO_BIN: `${h.root}/${name}` });
    assertEquals([code, output], [0, "system,mozilla|x\n"]);
    assertEquals(errors, `scripts/deno: DENO_BIN is not a Deno 2.7.11 binary and is passed over: ${h.root}/${name}\n`);
  }
});

Deno.test("a deno on PATH that is another version, or this very script, is passed over and one is fetched", async () => {
  await using h = await house({ npm: FAKE_NPM, deno: FAKE_DENO.replace("2.7.11", "2.9.5") });
  const { code, output } = await h.run(["x"], { PATH: `${h.root}/checkout/scripts:${h.root}/bin` });
  assertEquals([code, output], [0, "system,mozilla|x\n"]);
  assertEquals((await h.asked()).length, 1);
});

Deno.test("a signal reaches the program, for the script becomes Deno", async () => {
  await using h = await house({});
  const program = `Deno.addSignalListener("SIGTERM", () => Deno.exit(9)); setInterval(() => {}, 1000);
    Deno.writeTextFileSync("${h.root}/ready", "");`;
  await using child = new Deno.Command(`${h.root}/checkout/scripts/deno`, {
    args: ["eval", program],
    env: { DENO_BIN: Deno.execPath() },
  }).spawn();
  await eventually("the program listens", () => Deno.statSync(`${h.root}/ready`));
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 9);
});

Deno.test({
  name: "the digest in the script is that of the Deno that runs the tests",
  ignore: Deno.build.target !== "x86_64-unknown-linux-gnu",
  fn: async () => {
    const digest = await hexDigest(await Deno.readFile(Deno.execPath()));
    assert(script.includes(`digest=${digest}\n`), digest);
  },
});
