// Publications, and refusals before the store has anything of the text. The loader is a stand-in: a text is its hash's
// digit, and `-` is not valid.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { PublishAnswer } from "../../src/admin/daemon_api.ts";
import { initialAgreement, NEW_LEDGER } from "../../src/agreement/agreement.ts";
import { rankId, type Rollout } from "../../src/agreement/rollout.ts";
import type { Announcement } from "../../src/agreement/announcing.ts";
import type { StoredSource } from "../../src/cluster/stored_source.ts";
import type { Candidate, Examined } from "../../src/daemon/look_compiler.ts";
import { openPublisher } from "../../src/daemon/publisher.ts";
import type { GivenFile, GivenText } from "../../src/daemon/source_loader.ts";
import { errorDiagnostic } from "../../src/diagnostic/diagnostic.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import type { JournalEntry } from "../../src/releases/journal_line.ts";
import { initialState, type State } from "../../src/reload/state.ts";
import { initialRollouts, type Rollouts } from "../../src/rollout/rollouts.ts";
import type { StoreView } from "../../src/rollout/staging.ts";

const [A, B, C] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string];
const NEVER = new AbortController().signal;
const VIEW: StoreView = { head: { generation: 4, hash: A }, skips: [], stored: null, mark: null };

function viewOf(rollout: Partial<Rollout>): StoreView {
  const whole: Rollout = {
    hash: B,
    base: A,
    by: "edge-1",
    author: null,
    reason: null,
    at: "2026-01-01T00:00:00.000Z",
    order: [rankId(rollout.hash ?? B, "edge-1")],
    counts: [1],
    step: 0,
    phase: "admitting",
    bakeSeconds: 0,
    deadlineSeconds: 60,
    onFailure: "halt",
    why: null,
    earlier: [],
    ...rollout,
  };
  return { ...VIEW, stored: { rollout: whole, mark: "m", ageMilliseconds: 0 }, mark: "m" };
}

interface Given {
  readonly view?: StoreView | null;
  /** The hash of the host's source, at a path. */
  readonly own?: string;
  readonly active?: string | null;
  readonly isLinked?: boolean;
  readonly isAlone?: boolean;
  /** The loop's answer to a proposal. */
  readonly propose?: (rollouts: Rollouts, hash: string) => Rollouts;
  readonly kept?: string;
  /** Why the store takes no text. */
  readonly full?: string;
  readonly limit?: number;
}

function open(given: Given = {}) {
  const { view = VIEW, own = null, active = A, isLinked = true, isAlone = false, limit = 1_000 } = given;
  const { propose = (rollouts, hash) => ({ ...rollouts, view: viewOf({ hash }), published: null }) } = given;
  const checked = checkOptions({ highAvailability: { enabled: true, connectionTimeoutMs: limit } });
  if (!checked.ok) throw new Error(JSON.stringify(checked));
  const limits = { settleMilliseconds: 1, reconcileMilliseconds: 1 };
  const agreement = isAlone ? null : { ...initialAgreement(NEW_LEDGER, limits), linked: isLinked };
  const rollouts = isAlone ? null : { ...initialRollouts("edge-1", null), view, source: own };
  const id = active === null ? null : { hash: active, contentHash: active };
  let state: State<Candidate> = initialState<Candidate>(id, { agreement, rollouts });
  const texts = new Map<string, StoredSource>();
  const lines: JournalEntry[] = [];
  const announced: Announcement[] = [];
  const examine = ({ text }: Extract<GivenText, { text: string }>): Examined => {
    if (text === "-") return { ok: false, isHost: false, diagnostics: [errorDiagnostic("test/bad", "It is bad")] };
    return { ok: true, compilation: { snapshot: { hash: text.repeat(64) } }, portable: {} } as unknown as Examined;
  };
  const publisher = openPublisher({
    settings: { options: checked.options, sourcePath: own === null ? null : "/etc/honua/honua.hcl" },
    loop: {
      state: () => state,
      link: () => {},
      rollout(event) {
        if (event.kind !== "published" || state.rollouts === null) throw new Error(event.kind);
        const { published } = event;
        const rollouts = { ...state.rollouts, published };
        state = { ...state, rollouts: published === null ? rollouts : propose(rollouts, published.hash) };
      },
    },
    loader: {
      examine: (one: GivenFile | GivenText) => Promise.resolve(examine(one as GivenText)),
      sourceText: () => null,
    },
    notifier: {
      announce(announcement) {
        announced.push(announcement);
        const head = { generation: 1, hash: announcement.hash, by: "", ageMilliseconds: 0 };
        const stored = { ...head, skips: [], rollout: null, rolloutMark: null };
        return Promise.resolve({ kind: "accepted", head: stored, delivered: 0 });
      },
      source: (hash) => Promise.resolve({ ok: true, source: texts.get(hash) ?? null }),
      putSource(hash, source) {
        if (given.full !== undefined) return Promise.resolve({ ok: false, reason: given.full });
        texts.set(hash, source);
        return Promise.resolve({ ok: true });
      },
    },
    keeper: {
      keyRing: null,
      texts: {
        text: (hash) =>
          Promise.resolve(
            hash === given.kept
              ? { ok: true, format: "json", bytes: new TextEncoder().encode("kept") }
              : { ok: false, reason: "missing", message: "there is none" },
          ),
      },
      journal: { append: (line) => void lines.push(line), newest: () => null },
    },
    mask: (text) => text.replaceAll("secret", "***"),
  });
  const publish = (text: string, signal = NEVER) =>
    publisher.publish({ name: "x.hcl", text, reason: "a secret", author: "ann" }, signal);
  const pending = () => state.rollouts?.published?.hash ?? null;
  return { publish, publisher, texts, lines, announced, pending };
}

/** The answer, without the kind of a refusal. */
async function reasonOf(answer: Promise<PublishAnswer>, kind: PublishAnswer["kind"] = "refused"): Promise<string> {
  const given = await answer;
  assertEquals(given.kind, kind);
  return "reason" in given ? given.reason : "";
}

Deno.test("a published text is in the store before it is proposed, and a line of the journal has the person and the reason", async () => {
  let isThere = false;
  const host = open({
    propose(rollouts, hash) {
      isThere = host.texts.has(hash);
      return { ...rollouts, view: viewOf({ hash }), published: null };
    },
  });
  assertEquals(await host.publish("b"), { kind: "published", status: "proposed", hash: B });
  assertEquals(isThere, true);
  assertEquals(host.lines, [{ kind: "published", hash: B, who: "ann", why: "a ***", outcome: "proposed" }]);
});

Deno.test("the fleet's agreed configuration is put into the store again, and not proposed", async () => {
  const host = open({ propose: () => Promise.reject("proposed") as never });
  assertEquals(await host.publish("a"), { kind: "published", status: "unchanged", hash: A });
  assertEquals([...host.texts.keys()], [A]);
});

Deno.test("a store without a release takes the first one, unless this host knows better", async () => {
  const view = { ...VIEW, head: null };
  const first = open({ view, active: null });
  assertEquals(await first.publish("b"), { kind: "published", status: "first", hash: B });
  assertEquals(first.announced.map(({ hash, base, force }) => [hash, base, force]), [[B, null, false]]);
  const lost = open({ view });
  assertStringIncludes(await reasonOf(lost.publish("b")), "about to write theirs again");
  assertEquals([lost.texts.size, lost.announced.length], [0, 0]);
});

Deno.test("a text that is not to be published is not in the store afterwards", async () => {
  const refusals: [Given, string, string][] = [
    [{ own: A }, "b", "This host follows its file /etc/honua/honua.hcl, which has another configuration"],
    [{ view: { ...VIEW, skips: [{ hash: B, by: "bob", at: "then", reason: "empty" }] } }, "b", "taken back by bob"],
    [{ view: viewOf({ hash: C }) }, "a", "a rollout of cccccccccccc is under way"],
    [{ isAlone: true }, "b", "no connection string is set"],
  ];
  for (const [given, text, why] of refusals) {
    const host = open(given);
    assertStringIncludes(await reasonOf(host.publish(text)), why);
    assertEquals([host.texts.size, host.lines.length], [0, 0]);
  }
  for (const given of [{ isLinked: false }, { view: null }]) {
    assertStringIncludes(await reasonOf(open(given).publish("b"), "failed"), "Redis cannot be reached");
  }
  const full = open({ full: "its memory is full", propose: () => Promise.reject("proposed") as never });
  assertEquals(await reasonOf(full.publish("b"), "failed"), "its memory is full");
  const bad = open();
  assertEquals([(await bad.publish("-")).kind, bad.texts.size], ["rejected", 0]);
  assertEquals((await open({ own: B }).publish("b")).kind, "published");
});

Deno.test("a proposal that is refused, replaced or not made in time says so", async () => {
  const refused = open({
    propose: (rollouts, hash) => ({ ...rollouts, refused: { hash, reason: "edge-2 is old" } }),
  });
  assertEquals(await reasonOf(refused.publish("b")), "edge-2 is old");
  const replaced = open({
    propose: (rollouts) => ({ ...rollouts, published: null, view: viewOf({ hash: C }) }),
  });
  assertStringIncludes(await reasonOf(replaced.publish("b")), "Another change was proposed at the same moment");
  const ending = new AbortController();
  const waiting = open({
    propose(rollouts) {
      ending.abort();
      return rollouts;
    },
  });
  await assertRejects(() => waiting.publish("b", ending.signal));
  assertEquals(waiting.pending(), null);
});

Deno.test("a publication that Redis was lost with fails at once", async () => {
  const lost = open({ propose: (rollouts) => ({ ...rollouts, published: null, view: null }) });
  assertStringIncludes(await reasonOf(lost.publish("b"), "failed"), "Redis was lost");
});

Deno.test("the stable source is the history's, else the store's if its hash is that of its name", async () => {
  const stable = (host: ReturnType<typeof open>) => host.publisher.stableSource(NEVER);
  const kept = await stable(open({ kept: A }));
  assertEquals(kept.ok && [kept.hash, kept.format, new TextDecoder().decode(kept.bytes)], [A, "json", "kept"]);
  assertEquals((await stable(open({ active: null }))).ok, false);
  const host = open();
  assertStringIncludes(JSON.stringify(await stable(host)), "neither the history of this host nor Redis");
  await host.publish("a");
  const found = await stable(host);
  assertEquals(found.ok && [found.hash, found.format, new TextDecoder().decode(found.bytes)], [A, "hcl", "a"]);
  await host.publish("b");
  host.texts.set(A, host.texts.get(B)!);
  assertStringIncludes(JSON.stringify(await stable(host)), "The text in Redis is not that of release aaaaaaaaaaaa");
});
