// The whole run, over a small checkout with its own tests.
import { assertEquals, assertMatch, assertNotEquals, assertRejects, assertStringIncludes, fail } from "@std/assert";
import { readTree } from "../../scripts/tidy/tree.ts";
import { temporaryTree } from "../scripts/temporary_tree.ts";
import { copyCheckout, runInCopy } from "./checkout_copy.ts";
import { judgeBy, type Verdict } from "./judge.ts";
import { mutantsOf } from "./mutants.ts";
import { sampleOf } from "./sample.ts";
import { troubleWithShare } from "./summary.ts";
import { nearestTests } from "./nearest_tests.ts";

const MAIN = new URL("main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

const CHECKOUT = {
  "coverage/large.ts": "throw new Error();\n",
  "deno.json": "{}\n",
  "src/room/size.ts": `export function isLarge(size: number): boolean {
  return size > 9;
}
`,
  "src/room/count.ts": `export function count(to: number): number {
  let n = 0;
  while (n < to) n += 1;
  return n;
}
`,
  "src/room/lone.ts": `export const lone = (text: string | null): number => {
  if (text === null) return 0;
  return text.length;
};
`,
  "tests/room/size_test.ts": `import { isLarge } from "../../src/room/size.ts";
Deno.test("large", () => {
  if (!isLarge(11) || isLarge(9)) throw new Error("no");
});
`,
  "tests/room/count_test.ts": `import { count } from "../../src/room/count.ts";
Deno.test("count", () => {
  if (count(2) !== 2) throw new Error("no");
});
`,
  "tests/room/broken_test.ts": `import { lone } from "../../src/room/lone.ts";
Deno.test("broken", () => {
  if (lone("a") === 1) throw new Error("broken");
});
`,
};

/** Mutates a checkout of these files. */
async function mutate(files: Record<string, string>, ...args: string[]) {
  await using tree = await temporaryTree(files);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, MAIN, ...args],
    cwd: tree.root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const left = await readTree(tree.root);
  for (const { path, text } of left.code) {
    if (path in files) assertEquals(text, files[path], "the checkout is as it was");
  }
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

Deno.test("mutants are noticed by their tests, survive, or are refused by types, and the table says which", async () => {
  const { code, out, errors } = await mutate(CHECKOUT, "src/room/size.ts", "src/room/lone.ts", "--seed", "7");
  assertEquals(code, 0, errors);
  assertStringIncludes(out, "--seed 7: 7 of 7 mutants of 2 files\n");
  assertStringIncludes(out, "noticed by tests/room/size_test.ts: src/room/size.ts:2 comparison\n");
  // Nothing asks for 10 itself.
  assertStringIncludes(out, "src/room/size.ts:2 constant\n- return size > 9;\n+ return size > 10;\n");
  // The one test of this file fails without a mutant, too.
  assertStringIncludes(errors, "mutate: tests/room/broken_test.ts fails without a mutant, and is not run:");
  assertMatch(out, /refused: src\/room\/lone\.ts:2 early return/);
  assertMatch(out, /survived: src\/room\/lone\.ts:2 constant/);
  assertMatch(out, /^\| all +\| +7 \| +2 \| +0 \| +3 \| +2 \| +0 \| +0 \| +40 % \|$/m);
});

Deno.test("a sample is of the size and seed that were given, and mutants beyond the time are not tried", async () => {
  const { out } = await mutate(CHECKOUT, "--seed", "1", "--sample", "2", "--minutes", "0");
  assertMatch(out, /^--seed 1: 2 of \d+ mutants of 3 files\n1\/2 not tried: .*\n2\/2 not tried: /);
  const items = Array.from({ length: 100 }, (_, n) => n);
  assertEquals(sampleOf(items, 10, 1), sampleOf(items, 10, 1));
  assertNotEquals(sampleOf(items, 10, 1), sampleOf(items, 10, 2));
  assertEquals(sampleOf(items, 1000, 1).sort((one, other) => one - other), items);
});

Deno.test("a mutant that hangs is noticed, and nothing of it runs on", async () => {
  await using tree = await temporaryTree(CHECKOUT);
  await using copies = await temporaryTree({});
  const copy = await copyCheckout(tree.root, copies.root);
  const [mutant] = mutantsOf("src/room/count.ts", CHECKOUT["src/room/count.ts"]).filter(({ text }) => text === "-=");
  const judge = judgeBy({
    nearest: nearestTests(await readTree(tree.root)),
    run: runInCopy,
    stop: new AbortController().signal,
    onBroken: (_, output) => fail(output),
    extraMilliseconds: 0,
  });
  assertEquals((await judge(mutant!, copy)).verdict, "hung");
  assertEquals(await Deno.readTextFile(`${copy.root}/src/room/count.ts`), CHECKOUT["src/room/count.ts"]);
  await assertRejects(() => Deno.stat(copy.temporary), Deno.errors.NotFound);
});

Deno.test("a file that is not there is a mistake", async () => {
  const { code, errors } = await mutate(CHECKOUT, "src/room/gone.ts");
  assertEquals([code, errors], [2, "mutate: no file of src/ is at src/room/gone.ts\n"]);
});

Deno.test("a share that is too low is trouble, unless it is of a few mutants only", () => {
  const [mutant] = mutantsOf("src/room/size.ts", CHECKOUT["src/room/size.ts"]);
  const judged = (...counts: [Verdict, number][]) =>
    counts.flatMap(([verdict, count]) => Array.from({ length: count }, () => ({ mutant: mutant!, verdict, by: null })));
  assertEquals(troubleWithShare(judged(["noticed", 6], ["hung", 1], ["survived", 3]), 70), null);
  assertEquals(
    troubleWithShare(judged(["noticed", 6], ["survived", 4], ["refused", 9], ["equivalent", 9], ["not tried", 9]), 70),
    "60 % of the mutants are noticed, 70 % are needed",
  );
  assertEquals(troubleWithShare(judged(["survived", 9]), 70), null);
});

Deno.test("the nearest tests are the file's own, its room's, those of other rooms that reach it in few imports, and its long ones", async () => {
  const nearest = nearestTests(
    await treeOf({
      "src/a/one.ts": `import "./two.ts";\nimport type { T } from "./three.ts";`,
      "src/a/two.ts": "",
      "src/a/three.ts": "",
      "src/b/four.ts": `import "../a/one.ts";`,
      "src/b/five.ts": `import "./four.ts";`,
      "tests/a/one_test.ts": `import "../../src/a/one.ts";`,
      "tests/a/two_faults_test.ts": `import "../../src/a/two.ts";`,
      "tests/a/two_long_test.ts": `import "../../src/a/two.ts";`,
      "tests/a/child_test.ts": `new URL("./child.ts", import.meta.url);`,
      "tests/a/child.ts": `import "../../src/a/two.ts";`,
      "tests/b/four_test.ts": `import "./more.ts";`,
      "tests/b/more.ts": `import "./most.ts";`,
      "tests/b/most.ts": `import "../../src/b/four.ts";`,
      "tests/b/five_test.ts": `import "../../src/b/five.ts";`,
      "tests/e2e/near_test.ts": `import "../../src/a/two.ts";`,
    }),
  );
  assertEquals(nearest.of("src/a/two.ts"), [
    ["tests/a/two_faults_test.ts"],
    ["tests/a/child_test.ts", "tests/a/one_test.ts"],
    ["tests/b/four_test.ts"],
    ["tests/a/two_long_test.ts"],
  ]);
  assertEquals(nearest.of("src/a/three.ts"), []);
});

async function treeOf(files: Record<string, string>) {
  await using tree = await temporaryTree(files);
  return await readTree(tree.root);
}
