// Things that another one replaced while a host was busy with them: a look, an answer, a candidate, a base.
import { assertEquals } from "@std/assert";
import { initialAgreement } from "../../src/agreement/agreement.ts";
import { rankId } from "../../src/agreement/rollout.ts";
import { decide } from "../../src/reload/decide.ts";
import { followed, isOvertaken, storeTarget } from "../../src/reload/staged.ts";
import { initialState, type State } from "../../src/reload/state.ts";
import { initialRollouts } from "../../src/rollout/rollouts.ts";
import { AGREED } from "../agreement/agreement_transcript.ts";
import { replayReleases } from "../releases/releases_transcript.ts";
import { rolloutOver } from "../support/move_of.ts";
import { POLICY } from "./fleet_store.ts";

Deno.test("a candidate is not put in force if the link was lost during the look at its text", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    pause ->
    news ->
    step -> sees b me>h2,h3 admitting, look
    step -> back b
    unlinked ->
    go -> look, unchanged
    = 1 a healthy; agreed
  `,
  );
});

Deno.test("the last step makes the candidate the head even if this host never agreed with the base", () => {
  replayReleases(
    { rollout: {} },
    `
    store c@2 ->
    store rollout b me> admitting ->
    news -> look, sees b me> admitting, back b, runs 2 b (cluster) in place of a, look, back b, held late a again
    hooks ok -> healthy 2
    wait 1 -> read-fleet, move b me> baking, sees b me> baking
    wait 61 -> read-fleet, look, back b, held late a again, look, announce b on c, back b, held late a again, announced, agreed, done b, look, back b, held late a again
    = 1 a healthy, 2 b healthy; pinned b; held staged; agreed
  `,
  );
});

Deno.test("a host that still runs a replaced candidate does not announce it", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    text a lost ->
    store rollout c h2>me,h3 admitting ->
    news -> sees c h2>me,h3 admitting, look, back a, held late b
    file c -> look, back a, held waiting c
    = 1 a healthy, 2 b running; held staged; held
  `,
  );
});

Deno.test("a host without a source stays with the candidate while the link is away", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster), look, back b, unchanged
    unlinked ->
    hint poll -> look, back b, unchanged
    = 1 a healthy, 2 b running; pinned b; held
  `,
  );
});

const [A, B, OLD] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string];

/** A host that runs `active` and was judged on `a`. */
function hostWith(active: string, policy: typeof POLICY | null): State<string> {
  const ledger = { ...AGREED, seen: 7, agreed: { generation: 7, hash: A }, concluded: A };
  const limits = { settleMilliseconds: 0, reconcileMilliseconds: 30_000 };
  return initialState<string>({ hash: active, contentHash: active }, {
    agreement: { ...initialAgreement(ledger, limits), linked: true, hasLooked: true, request: { kind: "head" } },
    rollouts: initialRollouts("me", policy),
  });
}

Deno.test("a hash that a host without steps no longer owes, since it is the candidate, is kept", () => {
  const state = hostWith(B, null);
  const owing = { ...state.agreement!, ledger: { ...state.agreement!.ledger, owed: { hash: B, base: A } } };
  const rollout = rolloutOver(B, A, { order: [rankId(B, "me")], counts: [1] });
  const stored = { rollout, mark: "m", ageMilliseconds: 0 };
  const head = { generation: 7, hash: A };
  const event = { kind: "head-read", head, skips: [], rollout: stored, rolloutMark: "m" } as const;
  const decision = decide({ ...state, agreement: owing }, event);
  assertEquals(decision.state.agreement!.ledger.owed, null);
  const kept = decision.actions.find((one) => one.kind === "keep");
  assertEquals(kept?.ledger, decision.state.agreement!.ledger);
});

Deno.test("the head of an answer that says that the head is lost does not lead back to an older one", () => {
  const read = { kind: "head-read", head: { generation: 7, hash: A }, skips: [], random: 0 } as const;
  const { state } = decide(hostWith(A, POLICY), read);
  const request = { kind: "announcement", hash: A, purpose: "restore" } as const;
  const asking = { ...state, agreement: { ...state.agreement!, request } };
  const lost = { kind: "lost", head: { generation: 3, hash: OLD } } as const;
  const answered = decide(asking, { kind: "announcement-answered", answer: lost, random: 0 });
  assertEquals(answered.state.rollouts!.view?.head, { generation: 7, hash: A });
});

Deno.test("a reading of the peers that came late with an older rollout is followed by a reading of the head", () => {
  const rollout = rolloutOver(B, A, { order: [rankId(B, "me")], counts: [1] });
  const stored = { rollout, mark: "m", ageMilliseconds: 0 };
  const head = { generation: 7, hash: A };
  const read = { kind: "head-read", head, skips: [], rollout: stored, rolloutMark: "m", random: 0 } as const;
  const { state } = decide(hostWith(A, POLICY), read);
  const asking = { ...state, rollouts: { ...state.rollouts!, request: { kind: "fleet" } as const } };
  const member = { instance: "me", hash: A, state: "healthy", stages: true, canary: false };
  const answer = {
    ok: true,
    fleet: [member],
    gathersMilliseconds: 0,
    view: { head, skips: [], stored: null, mark: null },
  } as const;
  const event = { kind: "fleet-answered", answer, at: 0, random: 0 } as const;
  assertEquals(decide(asking, event).actions.filter((one) => one.kind === "read-head").length, 1);
  const same = { ...event, answer: { ...answer, view: { ...answer.view, stored, mark: "m" } } };
  assertEquals(decide(asking, same).actions.filter((one) => one.kind === "read-head").length, 0);
});

Deno.test("a reading that began before the own move and comes after its answer is no move back", () => {
  const rollout = rolloutOver(B, A, { order: [rankId(B, "me")], counts: [1] });
  const to = { ...rollout, phase: "halted", why: "no news" } as const;
  const head = { generation: 7, hash: A };
  const stored = (one: typeof rollout, mark: string) => ({ rollout: one, mark, ageMilliseconds: 0 });
  const reading = (one: typeof rollout, mark: string) =>
    ({ kind: "head-read", head, skips: [], rollout: stored(one, mark), rolloutMark: mark, random: 0 }) as const;
  const { state } = decide(hostWith(A, POLICY), reading(rollout, "m"));
  const move = { head, mark: "m", to, since: null, skips: [] };
  const asking = {
    ...state,
    rollouts: { ...state.rollouts!, request: { kind: "move", move, isProposal: false } as const },
  };
  const view = { head, skips: [], stored: stored(to, "n"), mark: "n" };
  const moved = decide(asking, { kind: "move-answered", answer: { kind: "moved", view }, random: 0 });
  const late = decide(moved.state, reading(rollout, "m"));
  assertEquals(late.state.rollouts!.view!.mark, "n");
  const next = decide(late.state, reading(to, "n"));
  const reports = [moved, late, next].flatMap(({ actions }) => actions).filter(({ kind }) => kind === "report");
  assertEquals(reports.length, 1);
  // The next reading is no late one: the store lost the move.
  assertEquals(decide(late.state, reading(rollout, "m")).state.rollouts!.view!.mark, "m");
});

Deno.test("an older head that comes late, after an answer about the peers, leads nobody back to it", () => {
  const [older, newer] = [{ generation: 7, hash: A }, { generation: 8, hash: B }];
  const reading = (head: typeof older) => ({ kind: "head-read", head, skips: [], random: 0 }) as const;
  const before = decide(hostWith(B, POLICY), reading(older)).state;
  const asking = { ...before, rollouts: { ...before.rollouts!, request: { kind: "fleet" } as const } };
  const member = { instance: "me", hash: B, state: "healthy", stages: true, canary: false };
  const view = { head: newer, skips: [], stored: null, mark: null };
  const event = {
    kind: "fleet-answered",
    answer: { ok: true, fleet: [member], gathersMilliseconds: 0, view },
    at: 0,
    random: 0,
  } as const;
  const answered = decide(asking, event).state;
  assertEquals(storeTarget(answered), B);
  const late = decide(answered, reading(older)).state;
  assertEquals(storeTarget(late), null);
  assertEquals(storeTarget(decide(late, reading(newer)).state), B);
  // The next reading is no late one: the store lost the newer head.
  assertEquals(storeTarget(decide(late, reading(older)).state), A);
});

Deno.test("an order to go on that comes during a reading of the peers takes no place of an approval", () => {
  const rollout = rolloutOver(B, A, { order: [rankId(B, "me")], counts: [1], phase: "awaiting-approval" });
  const stored = { rollout, mark: "m", ageMilliseconds: 0 };
  const view = { head: { generation: 7, hash: A }, skips: [], stored, mark: "m" };
  const read = { kind: "head-read", head: view.head, skips: [], rollout: stored, rolloutMark: "m", random: 0 } as const;
  const { state } = decide(hostWith(A, POLICY), read);
  const asking = { ...state, rollouts: { ...state.rollouts!, request: { kind: "fleet" } as const } };
  const order = { kind: "promote", full: true, author: "ada", reason: "go" } as const;
  const ordered = decide(asking, { kind: "rollout-ordered", order });
  const member = { instance: "me", hash: A, state: "healthy", stages: true, canary: false };
  const event = {
    kind: "fleet-answered",
    answer: { ok: true, fleet: [member], gathersMilliseconds: 0, view },
    at: 0,
    random: 0,
  } as const;
  const answered = decide(ordered.state, event);
  assertEquals(answered.actions.filter((one) => one.kind === "move-rollout"), []);
  assertEquals(answered.state.rollouts!.order, null);
});

Deno.test("only a release that was followed is overtaken, for any reason", () => {
  const host = hostWith(A, POLICY);
  const { state } = decide(host, { kind: "head-read", head: { generation: 7, hash: A }, skips: [], random: 0 });
  const pin = followed(B);
  assertEquals(isOvertaken(state, pin, 0), true);
  assertEquals(isOvertaken(state, { ...pin, isFollowed: false }, 0), false);
  assertEquals(isOvertaken(state, { ...pin, reason: "another" }, 0), true);
});

Deno.test("a source that the last process owed to the cluster is not put in force without it in place of a newer one", () => {
  const host = hostWith(B, POLICY);
  const ledger = { ...host.agreement!.ledger, owed: { hash: A, base: null } };
  const state = { ...host, agreement: { ...host.agreement!, ledger, linked: false, request: null } };
  const looking = decide(state, { kind: "hint", reason: "start" });
  const text = { format: "hcl", digest: null } as const;
  const found = { hash: A, contentHash: A, fingerprint: "f", candidate: A, text, stored: state.active };
  const timing = { tookMilliseconds: 1, random: 0, at: 0 };
  const { actions } = decide(looking.state, { kind: "looked", outcome: { kind: "candidate", ...found }, ...timing });
  const reports = actions.flatMap((one) => one.kind === "report" ? [one.report.kind] : [one.kind]);
  assertEquals(reports.filter((kind) => kind === "activate" || kind === "held"), ["held"]);
});
