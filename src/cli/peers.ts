// `honua-configd peers`: a table of all instances with their configurations, and a line below it that says whether they
// agree. It ends with 0 if all living instances run one hash and have names of their own, with 1 if not, with 3 if the
// daemon or its Redis cannot be reached, or Redis does not have the records of all instances.
import * as z from "zod";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { heldBackText } from "../cluster/held_back_text.ts";
import { namesakesOf } from "../cluster/peer_record.ts";
import { isGeneration, isHash } from "../agreement/head.ts";
import { isShown } from "../rollout/progress_text.ts";
import { agoText } from "../time/elapsed_text.ts";
import type { AdminFlags } from "./admin_address.ts";
import { askFor, withAdminClient } from "./admin_client.ts";
import { rolloutLine, rolloutSummarySchema } from "./rollout_text.ts";
import { painted, renderTable, shortHash } from "./table.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

export interface PeersRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
}

const HEADINGS = ["", "INSTANCE", "STANDING", "GENERATION", "HASH", "VERSION", "SEEN", "NOTE"];

const hash = z.custom<string>(isHash);
const generation = z.custom<number>(isGeneration);

const peersSchema = z.object({
  peers: z.array(z.object({
    instance: z.string(),
    version: z.string(),
    hash: hash.nullable(),
    generation: generation.nullable(),
    standing: z.string(),
    rejected: z.object({ hash, why: z.string(), at: z.string() }).nullable(),
    release: z.object({ number: z.number(), state: z.string() }).nullable().default(null),
    heldBack: z.string().nullable().default(null),
    hooks: z.object({ failed: z.array(z.string()) }).nullable().default(null),
    at: z.string(),
    self: z.boolean(),
  })),
  /** A daemon up to version 0.1 does not know rollouts. */
  rollout: rolloutSummarySchema.nullable().default(null),
  doubt: z.string().nullable().default(null),
});

type Peer = z.infer<typeof peersSchema>["peers"][number];

/** Asks for the instances and shows them. */
export async function peers(request: PeersRequest, terminal: Terminal): Promise<ExitCode> {
  return await withAdminClient(request.address, terminal, async (client) => {
    const answer = await askFor(client, "admin/peers", peersSchema, terminal);
    if (!answer.ok) return answer.code;
    const { doubt } = answer.value;
    const agreed = doAgree(answer.value.peers) && doubt === null;
    if (request.format === "json") terminal.out(jsonLine(answer.body));
    else {
      const { peers, rollout } = answer.value;
      const candidate = rollout?.isUnderWay ? rollout.hash : null;
      terminal.out(tableText(peers, candidate, Date.now()));
      const style = agreed ? "strong" : "trouble";
      terminal.out(`${painted(summaryText(peers, candidate), style, terminal.colourOut)}\n`);
      if (rollout !== null && isShown(rollout)) terminal.out(`${rolloutLine(rollout)}\n`);
    }
    if (doubt === null) return agreed ? EXIT.done : EXIT.invalid;
    terminal.error(`Others may be missing here: ${terminalText(doubt)}\n`);
    return EXIT.unavailable;
  });
}

function doAgree(all: readonly Peer[]): boolean {
  const [first] = all;
  return first !== undefined && namesakesOf(all).size === 0 && first.hash !== null &&
    all.every(({ hash }) => hash === first.hash);
}

/**
 * A standing in words. `held` is about a file that is not in force, while this host runs a release other than the head.
 *
 * @param candidate of the rollout under way; null: there is none.
 */
function standingText({ standing, hash }: Pick<Peer, "standing" | "hash">, candidate: string | null): string {
  if (standing !== "held") return standing;
  return hash !== null && hash === candidate ? "candidate" : "apart";
}

function tableText(all: readonly Peer[], candidate: string | null, now: number): string {
  if (all.length === 0) return "";
  const rows = all.map(({ self, instance, standing, generation, hash, version, at, ...rest }) => [
    self ? "*" : "",
    instance,
    standingText({ standing, hash }, candidate),
    // Otherwise the generation is that of an earlier agreement.
    generation === null || standing !== "agreed" ? "-" : String(generation),
    hash === null ? "-" : shortHash(hash),
    version,
    agoText(at, now),
    noteText(rest, now),
  ]);
  return `${renderTable(HEADINGS, rows)}\n`;
}

/** Remarks about an instance; empty: none. */
function noteText(
  { rejected, heldBack, release, hooks }: Pick<Peer, "rejected" | "heldBack" | "release" | "hooks">,
  now: number,
): string {
  const failed = hooks?.failed ?? [];
  const notes = failed.length === 0 ? [] : [`failed hooks: ${failed.join(", ")}`];
  if (rejected !== null) {
    notes.push(`rejected ${shortHash(rejected.hash)} ${agoText(rejected.at, now)}: ${rejected.why}`);
    return notes.join("; ");
  }
  const held = heldBack === null ? null : heldBackText(heldBack);
  if (held !== null) notes.push(held);
  const isNotable = release?.state === "baking" || release?.state === "failed";
  if (isNotable) notes.push(`release ${release.number} ${release.state}`);
  return notes.join("; ");
}

/**
 * `40 instances: 37 run abcdef12 (generation 17), 3 rejected it`. Each instance counts once: with the hash that most
 * run, as one that rejected that hash, or with the other hash that it runs.
 */
function summaryText(all: readonly Peer[], candidate: string | null): string {
  if (all.length === 0) return "No instance is known";
  const [leading = null, ...others] = groupsOf(all);
  const rest = others.flatMap((group) => group.peers);
  const isRejecting = ({ rejected }: Peer) => leading !== null && rejected?.hash === leading.hash;
  const rejecting = rest.filter(isRejecting).length;
  const running = others.map(({ hash, peers }) => ({ hash, peers: peers.filter((one) => !isRejecting(one)) }));
  const parts = [
    ...(leading === null ? [] : [groupText(leading, candidate)]),
    ...(rejecting === 0 ? [] : [`${rejecting} rejected it`]),
    ...running.filter((group) => group.peers.length > 0).map((group) => groupText(group, candidate)),
  ];
  const own = leading?.peers.filter(({ rejected }) => rejected !== null).length ?? 0;
  const ownEdits = own === 0 ? "" : `; ${own} of them rejected another`;
  const [namesake] = namesakesOf(all);
  const advice = namesake === undefined
    ? ""
    : `; several have the name ${terminalText(namesake)}: give one of them a different HighAvailability:InstanceName`;
  return `${all.length} ${all.length === 1 ? "instance" : "instances"}: ${parts.join(", ")}${ownEdits}${advice}`;
}

interface Group {
  /** Null: nothing. */
  readonly hash: string | null;
  readonly peers: readonly Peer[];
}

/** Peers by hash: the largest group first, of equal ones that of the later generation; those that run nothing last. */
function groupsOf(all: readonly Peer[]): Group[] {
  const byHash = Map.groupBy(all, ({ hash }) => hash);
  const groups = [...byHash].map(([hash, peers]): Group => ({ hash, peers }));
  return groups.sort((a, b) =>
    Number(a.hash === null) - Number(b.hash === null) || b.peers.length - a.peers.length ||
    (generationOf(b) ?? 0) - (generationOf(a) ?? 0)
  );
}

/** The latest generation that the agreeing peers of the group know for its hash; null: none agrees. */
function generationOf({ peers }: Group): number | null {
  const agreeing = peers.filter(({ standing }) => standing === "agreed");
  const known = agreeing.flatMap(({ generation }) => generation === null ? [] : [generation]);
  return known.length === 0 ? null : known.reduce((latest, one) => Math.max(latest, one));
}

function groupText(group: Group, candidate: string | null): string {
  const { hash, peers: { length } } = group;
  const isHeld = group.peers.every(({ standing }) => standing === "held");
  const why = !isHeld ? "" : hash === candidate ? ", on its way" : ", kept apart";
  const runs = length === 1 ? "runs" : "run";
  if (hash === null) return `${length} ${runs} nothing`;
  const generation = generationOf(group);
  return `${length} ${runs} ${shortHash(hash)}${generation === null ? "" : ` (generation ${generation})`}${why}`;
}
