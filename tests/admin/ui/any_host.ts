// Hosts of a fleet for the tests of the page: one that is well except for the given members, and any.
import fc from "fast-check";
import { HELD_BACK, PEER_RELEASE_STATES } from "../../../src/cluster/peer_record.ts";
import type { Host, Rejected } from "../../../src/admin/ui/fleet_rows.ts";

/** The time of these tests, in milliseconds since 1970. */
export const NOW = Date.parse("2026-01-02T12:00:00.000Z");

/** So many seconds before that, in ISO 8601. */
export function ago(seconds: number): string {
  return new Date(NOW - seconds * 1_000).toISOString();
}

/** A hash of one digit. */
export function hashOf(digit: string): string {
  return digit.repeat(64);
}

/** A rejection of a minute ago, for a reason that names no place. */
export function rejectedBecause(hash: string | null, summary: string): Rejected {
  return { hash, summary, detail: "", at: ago(60) };
}

/** A host that is well, except for the given members. */
export function hostWith(given: Partial<Host> = {}): Host {
  return {
    instance: "edge-1",
    version: "0.2.0",
    hash: hashOf("a"),
    standing: "agreed",
    rejected: null,
    release: { number: 17, state: "healthy" },
    heldBack: null,
    since: ago(3_600),
    hooks: { waiting: 0, failed: [] },
    isSelf: false,
    isLost: false,
    seen: ago(5),
    ...given,
  };
}

const anyHash = fc.constantFrom("a", "b", "c").map(hashOf);
const anyTime = fc.integer({ min: -100, max: 100_000 }).map(ago);

/** Few names and hashes, so that namesakes and large groups come up. */
const anyHost: fc.Arbitrary<Host> = fc.record({
  instance: fc.constantFrom("edge-1", "edge-2", "edge-10", "Edge-2", "édge", "\u200dedge-1"),
  version: fc.constantFrom("0.1.0", "0.2.0"),
  hash: fc.option(anyHash, { freq: 8 }),
  standing: fc.constantFrom("unknown", "agreed", "settling", "held", "diverged"),
  rejected: fc.option(
    fc.record({
      hash: fc.option(anyHash),
      summary: fc.constantFrom("a", "b", "c"),
      detail: fc.constant(""),
      at: anyTime,
    }),
  ),
  release: fc.option(fc.record({ number: fc.nat(), state: fc.constantFrom(...PEER_RELEASE_STATES) })),
  heldBack: fc.option(fc.constantFrom(...HELD_BACK)),
  since: fc.option(anyTime),
  hooks: fc.option(fc.record({ waiting: fc.nat(3), failed: fc.subarray(["nginx", "server", "pager"]) })),
  isSelf: fc.constant(false),
  isLost: fc.boolean(),
  seen: anyTime,
});

/** Up to a dozen hosts, one of which may be this one. */
export const anyHosts: fc.Arbitrary<readonly Host[]> = fc.tuple(fc.array(anyHost, { maxLength: 12 }), fc.boolean()).map(
  ([hosts, hasSelf]) =>
    hosts.map((host, at) => at === 0 && hasSelf ? { ...host, isSelf: true, isLost: false, seen: null } : host),
);
