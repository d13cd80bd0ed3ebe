// The status of this instance, its peers, its health and its metrics.
import { type Answers, overdue } from "./problem.ts";
import type { AdminLimits } from "./limits.ts";
import type { Route } from "./route.ts";
import type { DaemonApi } from "./daemon_api.ts";
import { withinLimit } from "../time/limit.ts";
import { notesAbout } from "../cluster/journal_notes.ts";
import { judgePeers, type Peer } from "../cluster/peer_record.ts";

/** `GET /admin/status` and `/admin/peers`. */
export function statusRoutes(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  listenerTroubles: () => readonly string[],
): readonly Route[] {
  const status = async () => answers.json({ ...await api.status(), listenerTroubles: listenerTroubles() });
  return [
    { method: "GET", path: "/admin/status", answer: status },
    { method: "GET", path: "/admin/peers", answer: ({ signal }) => peers(api, answers, limits, signal) },
  ];
}

async function peers(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  unwanted: AbortSignal,
): Promise<Response> {
  const answer = await withinLimit(api.peers(), limits.answerMilliseconds, unwanted);
  if (!answer.ok) return answers.problem(overdue("The peers were not known", limits.answerMilliseconds));
  if (answer.value.ok) {
    const lost = api.lostPeers().map(({ instance, hash, at }) => ({ instance, hash, at }));
    const { peers, doubt = null } = answer.value;
    return answers.json({ peers: shown(peers), lost, rollout: api.rolloutSummary(), doubt });
  }
  return answers.problem({ status: 503, code: "admin/peers-unknown", detail: answer.value.reason });
}

/**
 * This instance's record has the others' notes of its journal. All notes of all peers would make the answer twice as
 * long.
 */
function shown(peers: readonly Peer[]) {
  return peers.map(({ noted: _, ...peer }) =>
    peer.self ? { ...peer, journalNoted: notesAbout(peer.instance, peers) } : peer
  );
}

// Liveness, readiness and consistency. These answers need no token, so they hold only hashes and names of instances.

/** Paths that need no token. */
export const HEALTH_PATHS: ReadonlySet<string> = new Set(["/livez", "/readyz", "/healthz/consistency"]);

/** `GET /livez`, `/readyz` and `/healthz/consistency`. */
export function healthRoutes(api: DaemonApi, answers: Answers, limits: AdminLimits): readonly Route[] {
  return [
    { method: "GET", path: "/livez", answer: () => answers.json({ status: "alive" }) },
    { method: "GET", path: "/readyz", answer: () => readiness(api, answers) },
    {
      method: "GET",
      path: "/healthz/consistency",
      answer: ({ signal }) => consistency(api, answers, limits, signal),
    },
  ];
}

function readiness(api: DaemonApi, answers: Answers): Response {
  if (api.contentHash() !== null) return answers.json({ status: "ready" });
  return answers.problem({ status: 503, code: "admin/not-ready", detail: "No snapshot is in force yet" });
}

async function consistency(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  unwanted: AbortSignal,
): Promise<Response> {
  const answer = await withinLimit(api.peers(), limits.answerMilliseconds, unwanted);
  // One that finds not even its own record may see a part of the fleet only.
  if (!answer.ok || !answer.value.ok || answer.value.doubt !== undefined) {
    // The reason needs a token: /admin/peers has it.
    const detail = "The configurations of the instances are not known at the moment";
    return answers.problem({ status: 503, code: "admin/peers-unknown", detail });
  }
  const { runs: hashes, namesakes } = judgePeers(answer.value.peers);
  const [first] = hashes;
  if (hashes.length === 1 && namesakes.length > 0) {
    const detail = `Several processes have the name ${namesakes[0]}, or one of them ended a moment ago: ` +
      "give one of them a different HighAvailability:InstanceName";
    return answers.problem({ status: 503, code: "admin/peers-unknown", detail, members: { namesakes } });
  }
  if (hashes.length === 1 && first!.hash !== null) {
    return answers.json({ status: "consistent", hash: first!.hash, instances: first!.instances.length });
  }
  const detail = hashes.length > 1 ? "Not all instances run the same configuration" : "No instance runs one yet";
  // On purpose, by a rollback or their own hold.
  const held = answer.value.peers.filter(({ standing }) => standing === "held").map(({ instance }) => instance);
  const members = { hashes, ...held.length > 0 && { held } };
  return answers.problem({ status: 409, code: "admin/inconsistent", detail, members });
}

/** `GET /metrics`, in the format that Prometheus reads. */
export function metricsRoute(api: DaemonApi, answers: Answers, limits: AdminLimits): Route {
  const answer = async ({ signal }: Request) => {
    const metrics = await withinLimit(api.metrics(), limits.answerMilliseconds, signal);
    if (metrics.ok) return answers.text(metrics.value.text, metrics.value.contentType);
    return answers.problem(overdue("The metrics were not known", limits.answerMilliseconds));
  };
  return { method: "GET", path: "/metrics", answer };
}
