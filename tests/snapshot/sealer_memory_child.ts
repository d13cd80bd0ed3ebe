// Seals many configs one after the other and prints how many of their entries and bytes are still in memory. Needs the
// flag --expose-gc of V8.
import { openSealer } from "../../src/snapshot/snapshot.ts";
import type { Json, JsonObject } from "../../src/snapshot/canonical.ts";

const { gc } = globalThis as unknown as { gc(): void };
const ENTRIES = 200;
const sealer = openSealer();
const entries: WeakRef<object>[] = [];
const buffers: WeakRef<object>[] = [];

async function seal(round: number): Promise<void> {
  const layers: Record<string, Json> = {};
  for (let index = 0; index < ENTRIES; index++) layers[`round-${round}-${index}`] = { id: index, round };
  for (const entry of Object.values(layers)) entries.push(new WeakRef(entry as JsonObject));
  const { pieces } = await sealer.seal({ layers }, { layers });
  for (const { buffer } of pieces) buffers.push(new WeakRef(buffer));
}

for (let round = 0; round < 20; round++) await seal(round);
await new Promise((resolve) => setTimeout(resolve)); // A weak reference holds on until the turn ends that made it.
gc();
const alive = (references: readonly WeakRef<object>[]) => references.filter((one) => one.deref() !== undefined).length;
const [entriesAlive, buffersAlive] = [alive(entries), alive(buffers)];
await sealer.hash({}); // It is alive itself until here.
console.log(JSON.stringify({ entriesAlive, buffersAlive }));
