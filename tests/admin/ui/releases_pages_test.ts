// The pages of the releases and of a diff through the application, with the daemon's own mask.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { DiffAnswer } from "../../../src/admin/daemon_api.ts";
import type { BlockDiff } from "../../../src/config/config_diff.ts";
import { eventually } from "../../support/eventually.ts";
import { openAdminHost } from "../admin_host.ts";
import { ROLLOUT, SECRET } from "../fake_daemon_api.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;

function diffOf(...blocks: readonly BlockDiff[]): DiffAnswer {
  return { kind: "diff", diff: { from: { label: "release 1", hash: A }, to: { label: SECRET, hash: B }, blocks } };
}

function changed(from: string, to: string): BlockDiff {
  const settings = [{ path: ["title"], change: "changed", from, to, secretChanged: false }] as const;
  return { change: "changed", type: "layer", name: "roads", at: ["layers", "roads"], settings };
}

Deno.test("the page of the releases has the rollout and the history, masked, and so has that of the fleet the rollout", async () => {
  await using host = await openAdminHost();
  host.api.answerRollout = () => Promise.resolve({ ok: true, rollout: { ...ROLLOUT, waitsFor: [`edge-1 ${SECRET}`] } });
  for (const path of ["/ui/releases", "/ui"]) {
    const answer = await host.ask(path);
    const page = await answer.text();
    assertEquals(answer.status, 200);
    assert(!page.includes(SECRET));
    assertStringIncludes(page, "step 1 of 2, 1 of 3 hosts let in, baking");
    assertStringIncludes(page, ". Waits for edge-1 ***</p>");
  }
  const page = await (await host.ask("/ui/releases")).text();
  assertStringIncludes(page, '<td data-label="Reason">***</td>');
  assertStringIncludes(page, 'href="/ui/releases/diff?from=41&amp;to=42"');
});

Deno.test("a rollout that is not known, or not in time, takes nothing else from the page", async () => {
  await using host = await openAdminHost({ limits: { answerMilliseconds: 20 } });
  host.api.answerRollout = () => new Promise(() => {});
  const page = await (await host.ask("/ui/releases")).text();
  assertStringIncludes(page, "The rollout is not known: the store did not answer within 0.02 s");
  assertStringIncludes(page, "The releases of this host");
});

Deno.test("a diff is asked for by its references and shown for one moment", async () => {
  await using host = await openAdminHost();
  host.api.answerDiff = () => Promise.resolve(diffOf(changed("a", SECRET)));
  const answer = await host.ask("/ui/releases/diff?from=1&to=file");
  const page = await answer.text();
  assertEquals([answer.status, host.api.diffs], [200, [[{ kind: "number", number: 1 }, { kind: "file" }]]]);
  assert(!page.includes(SECRET) && !page.includes('id="live"'));
  assertStringIncludes(page, "<code>title: &quot;***&quot;</code>");
});

Deno.test("a secret is masked before its characters are escaped for JSON and for the page", async () => {
  await using host = await openAdminHost();
  host.api.mask = (text) => text.replaceAll(`pass"<word>`, "***");
  host.api.answerDiff = () => Promise.resolve(diffOf(changed(`pass"<word>`, `${"x".repeat(195)}pass"<word>`)));
  const page = await (await host.ask("/ui/releases/diff?from=1&to=2")).text();
  assert(!page.includes("pass"));
  assertStringIncludes(page, "***");
});

const REFUSALS: [string, DiffAnswer, number, string][] = [
  ["unknown", { kind: "unknown", reason: `No release is 9 ${SECRET}` }, 404, "No release is 9 ***"],
  [
    "rejected",
    { kind: "rejected", label: "release 1", reason: "bad <b>", diagnostics: [] },
    422,
    "release 1 is not valid on this host: bad &lt;b&gt;",
  ],
  ["unreadable", { kind: "failed", reason: `no text ${SECRET}` }, 503, "no text ***"],
  ["asked of a daemon that ends", { kind: "stopping" }, 503, "The daemon is about to end"],
];

for (const [what, refusal, status, sentence] of REFUSALS) {
  Deno.test(`a diff that is ${what} is a page with ${status} that says so in a sentence`, async () => {
    await using host = await openAdminHost();
    host.api.answerDiff = () => Promise.resolve(refusal);
    const answer = await host.ask("/ui/releases/diff?from=9&to=2");
    const page = await answer.text();
    assertEquals([answer.status, page.includes('id="live"')], [status, false]);
    assertStringIncludes(page, `There is no comparison: ${sentence}</p>`);
  });
}

Deno.test("a diff of a release that is not valid any more shows its diagnostics, masked", async () => {
  await using host = await openAdminHost();
  const diagnostic = {
    severity: "error",
    code: "config/unknown-variable",
    summary: `no ${SECRET}`,
    path: null,
    file: "release 1",
    line: 3,
    column: 1,
    endLine: 3,
    endColumn: 2,
    suggestion: null,
    frame: [`3 | x = "${SECRET}"`],
  } as const;
  host.api.answerDiff = () =>
    Promise.resolve({ kind: "rejected", label: "release 1", reason: "1 error", diagnostics: [diagnostic] });
  const page = await (await host.ask("/ui/releases/diff?from=1&to=2")).text();
  assert(!page.includes(SECRET));
  assertStringIncludes(page, "3 | x = &quot;***&quot;");
});

Deno.test("a diff by an invalid reference is not begun", async () => {
  await using host = await openAdminHost();
  for (const query of ["from=", "to=%3Cscript%3E", "from=1&from=2"]) {
    const answer = await host.ask(`/ui/releases/diff?${query}`);
    assertEquals([query, answer.status], [query, 400]);
    const page = await answer.text();
    assertStringIncludes(page, "must be given once");
  }
  assertEquals(host.api.diffs, []);
});

Deno.test("a page of a diff is not begun while the API makes another", async () => {
  await using host = await openAdminHost();
  const held = Promise.withResolvers<DiffAnswer>();
  host.api.answerDiff = () => held.promise;
  const first = host.ask("/admin/diff");
  await eventually("it is made", () => host.api.diffs.length === 1);
  const answer = await host.ask("/ui/releases/diff?from=1&to=2");
  assertEquals([answer.status, host.api.diffs.length], [503, 1]);
  assertStringIncludes(await answer.text(), "Another diff or plan is in progress");
  held.resolve(diffOf());
  await (await first).body?.cancel();
});
