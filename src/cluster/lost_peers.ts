// Remembers instances that stopped writing their records, which expire: without it a host that died would leave every
// list. A record that goes before its time was removed by its instance, which stopped as it should.
import { MAX_PEERS, type Peer } from "./peer_record.ts";

export interface LostPeers {
  /** Takes all records of a moment. */
  see(peers: readonly Peer[]): void;
  /** The last records of those that are lost, the latest of each name; sorted by name. */
  list(): readonly Peer[];
}

/** A host that comes back within that time was not replaced permanently. */
const KEPT_MILLISECONDS = 24 * 3_600_000;

/**
 * @param now in milliseconds since 1970.
 * @param lifeMilliseconds after which a record expires.
 */
export function openLostPeers(now: () => number, lifeMilliseconds: number): LostPeers {
  let living = new Map<string, Peer>();
  const lost = new Map<string, Peer>();
  return {
    see(peers) {
      const present = new Map(peers.map((peer) => [peer.instance, peer]));
      for (const [name, peer] of living) {
        const wasRemoved = now() - Date.parse(peer.at) < lifeMilliseconds;
        if (!present.has(name) && !wasRemoved && lost.size < MAX_PEERS) lost.set(name, peer);
      }
      for (const name of present.keys()) lost.delete(name);
      living = present;
    },
    list() {
      for (const [name, { at }] of lost) if (now() - Date.parse(at) > KEPT_MILLISECONDS) lost.delete(name);
      return [...lost.values()].sort((one, other) => one.instance < other.instance ? -1 : 1);
    },
  };
}
