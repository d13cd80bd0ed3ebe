// Publishes a source that a client sends: compiles it as a look does, puts its text into the store and proposes it to
// the fleet. Also finds the text that the fleet has agreed on.
import { setTimeout as delay } from "node:timers/promises";
import type { DaemonApi, PublishAnswer, PublishRequest, StableSource } from "../admin/daemon_api.ts";
import type { Notifier } from "../cluster/notifier.ts";
import { isolationOf } from "../cluster/isolation.ts";
import { formatOf } from "../compile.ts";
import type { Loop } from "../reload/loop.ts";
import { reasonOf } from "../reload/narration.ts";
import type { State } from "../reload/state.ts";
import { publishObjection } from "../rollout/publishing.ts";
import { decodeSource, DEFAULT_MAX_BYTES } from "../source/source_file.ts";
import { diagnosticAnswer } from "./event_recorder.ts";
import type { DaemonSettings } from "./daemon_settings.ts";
import type { Candidate } from "./look_compiler.ts";
import type { ReleaseKeeper } from "./release_keeper.ts";
import type { SourceLoader } from "./source_loader.ts";
import { gatherMillisecondsOf } from "./joining.ts";
import { fetchText, putText } from "./store_sources.ts";

/** The parts of a publisher. */
export interface PublisherParts {
  readonly loop: Pick<Loop<Candidate>, "state" | "rollout" | "link">;
  readonly loader: Pick<SourceLoader, "examine" | "sourceText">;
  readonly notifier: Pick<Notifier, "announce" | "source" | "putSource">;
  readonly keeper: Pick<ReleaseKeeper, "texts" | "journal" | "keyRing">;
  readonly settings: Pick<DaemonSettings, "options" | "sourcePath">;
  /** Replaces secrets. */
  mask(text: string): string;
}

/** Between two looks at the state of the proposal. */
const LOOK_MILLISECONDS = 50;

/** A proposal reads the records of the others and the head, puts the text, and moves. */
const REQUESTS = 4;

const UNREACHABLE = "Redis cannot be reached: nothing was published";

/** Opens a publisher. Both functions reject only with the signal's reason. */
export function openPublisher(parts: PublisherParts): Pick<DaemonApi, "publish" | "stableSource"> {
  return {
    publish: (request, signal) => publish(parts, request, signal),
    stableSource: (signal) => stableSource(parts, signal),
  };
}

async function publish(parts: PublisherParts, request: PublishRequest, signal: AbortSignal): Promise<PublishAnswer> {
  const { loader, loop, notifier, keeper, mask } = parts;
  const { name, text } = request;
  const unavailable = unavailability(parts);
  if (unavailable !== null) return unavailable;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > DEFAULT_MAX_BYTES) return refused(`The text is larger than ${DEFAULT_MAX_BYTES} bytes`);
  const format = formatOf(name);
  const examined = await loader.examine({ name, text, format }, signal);
  if (!examined.ok) {
    const reason = reasonOf(examined.diagnostics);
    if (examined.isHost) return { kind: "failed", reason };
    return { kind: "rejected", reason, diagnostics: examined.diagnostics.map(diagnosticAnswer) };
  }
  const { hash } = examined.compilation.snapshot;
  const objection = objectionTo(hash, parts);
  if (objection !== null) return refused(objection);
  const { keyRing } = keeper;
  const textOf = () => Promise.resolve({ ok: true, format, bytes } as const);
  const put = await putText(hash, { notifier, keyRing, textOf });
  if (!put.ok) return { kind: "failed", reason: put.reason };
  signal.throwIfAborted();
  const terms = { author: request.author && mask(request.author), reason: mask(request.reason) };
  const answer = await offer(hash, terms, parts, signal);
  if (answer.kind === "published") {
    keeper.journal.append({ kind: "published", hash, who: terms.author, why: terms.reason, outcome: answer.status });
  }
  // The loop may have come to an end meanwhile.
  return loop.state().stopping ? { kind: "stopping" } : answer;
}

type Terms = { readonly author: string | null; readonly reason: string };

/** Makes the hash known to the fleet; its text is in the store. */
async function offer(
  hash: string,
  terms: Terms,
  { loop, notifier, settings }: PublisherParts,
  signal: AbortSignal,
): Promise<PublishAnswer> {
  const { agreement, rollouts } = loop.state();
  if (agreement === null || rollouts?.view == null) return { kind: "failed", reason: UNREACHABLE };
  const { head } = rollouts.view;
  if (head?.hash === hash) return { kind: "published", status: "unchanged", hash };
  if (head === null) {
    const { ledger, skips } = agreement;
    const fresh = { base: null, unanswered: [], undoes: [], since: 0, floor: ledger.seen } as const;
    const answer = await notifier.announce({ hash, ...fresh, restores: true, force: false, skips });
    if (answer.kind === "failed") return { kind: "failed", reason: answer.reason };
    // This instance's own message leads to no reading of the head.
    loop.link("heard");
    if (answer.kind === "accepted" || answer.kind === "same") return { kind: "published", status: "first", hash };
    return refused("Another release came into the store at the same moment: honua-configd status shows it");
  }
  loop.rollout({ kind: "published", published: { hash, terms } });
  const { options } = settings;
  const waits = gatherMillisecondsOf(options) + REQUESTS * options.highAvailability.connectionTimeoutMs;
  const until = performance.now() + waits;
  try {
    for (;;) {
      const proposed = proposalOf(hash, loop.state());
      if (proposed !== null) return proposed;
      if (performance.now() >= until) {
        return { kind: "failed", reason: "Redis did not take the proposal in time: honua-configd rollout shows it" };
      }
      await delay(LOOK_MILLISECONDS, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  } finally {
    // Nobody waits for it any more, and later it would take the place of a newer one.
    if (loop.state().rollouts?.published?.hash === hash) loop.rollout({ kind: "published", published: null });
  }
}

/** The outcome of the proposal; null: none yet. */
function proposalOf(hash: string, { rollouts, stopping }: State<Candidate>): PublishAnswer | null {
  if (stopping || rollouts === null) return { kind: "stopping" };
  if (rollouts.refused?.hash === hash) return refused(rollouts.refused.reason);
  if (rollouts.published?.hash === hash) return null;
  if (rollouts.view === null) return { kind: "failed", reason: "Redis was lost: whether it was proposed is not known" };
  const { head, stored } = rollouts.view;
  const isProposed = stored?.rollout.hash === hash || head?.hash === hash;
  if (isProposed) return { kind: "published", status: "proposed", hash };
  return refused("Another change was proposed at the same moment: honua-configd rollout shows it");
}

/** Why nothing can be published by this instance now; null: something can. */
function unavailability({ loop, settings }: PublisherParts): PublishAnswer | null {
  const { agreement, rollouts, active, stopping } = loop.state();
  if (stopping) return { kind: "stopping" };
  if (agreement === null || rollouts === null) {
    return refused(
      isolationOf(settings.options) ?? "This instance has no store: publish needs HighAvailability:Enabled",
    );
  }
  if (!agreement.linked || rollouts.view === null) return { kind: "failed", reason: UNREACHABLE };
  const { head } = rollouts.view;
  if (head !== null || (active === null && agreement.ledger.seen === 0)) return null;
  return refused("Redis has no release now, and the instances are about to write theirs again: try it again then");
}

/** Why this valid source is not to be published; null: it is. */
function objectionTo(hash: string, { loop, settings: { sourcePath } }: PublisherParts): string | null {
  const { rollouts, releases: { kept } } = loop.state();
  const objection = rollouts?.view == null ? null : publishObjection(rollouts.view, hash, kept);
  if (objection !== null) return objection;
  const own = rollouts?.source ?? null;
  if (sourcePath === null || own === null || own === hash) return null;
  return `This host follows its file ${sourcePath}, which has another configuration: edit the file, or let the store ` +
    "have the source (Source:From)";
}

function refused(reason: string): PublishAnswer {
  return { kind: "refused", reason };
}

async function stableSource(
  { loop, loader, keeper, notifier, mask }: PublisherParts,
  signal: AbortSignal,
): Promise<StableSource> {
  const { agreement, active } = loop.state();
  const hash = agreement?.head?.hash ?? agreement?.ledger.agreed?.hash ?? active?.hash ?? null;
  if (hash === null) return { ok: false, isUnknown: true, reason: "Nothing is agreed on or in force yet" };
  const own = loader.sourceText(hash);
  if (own !== null) return { ok: true, hash, format: own.format, bytes: own.bytes };
  const kept = await keeper.texts.text(hash);
  if (kept.ok) return { ok: true, hash, format: kept.format, bytes: kept.bytes };
  const fetched = await fetchText(notifier, hash, keeper.keyRing);
  const failed = (reason: string): StableSource => ({ ok: false, isUnknown: false, reason: mask(reason) });
  if (!fetched.ok) return failed(fetched.message);
  // Any client can write to the store, so the text counts only if its hash is that of its name.
  const name = `release ${hash.slice(0, 12)}`;
  const decoded = decodeSource(name, new Uint8Array(fetched.bytes));
  const examined = decoded.ok
    ? await loader.examine({ name, text: decoded.text, format: fetched.format }, signal)
    : { ok: false, diagnostics: [decoded.diagnostic] } as const;
  if (!examined.ok) {
    return failed(`The text of ${name} in Redis does not compile here: ${reasonOf(examined.diagnostics)}`);
  }
  if (examined.compilation.snapshot.hash === hash) {
    return { ok: true, hash, format: fetched.format, bytes: fetched.bytes };
  }
  return failed(`The text in Redis is not that of ${name}`);
}
