// The orders of persons about releases, and the results of health checks: rollbacks of the fleet and of one host,
// holds, changes that wait for a confirmation, and contents with which no server works. Clocks are set meanwhile.
import { hintHost, orderHost } from "./host.ts";
import { rollbackOrder } from "./host_releases.ts";
import { chance, clockOf, type Host, type World } from "./world.ts";

/** The possible events in a world with operators, the frequent ones more than once. */
export const OPERATIONS: readonly ((world: World) => void)[] = [
  rollBack,
  rollBack,
  rollBack,
  beginHold,
  endSomeHold,
  reloadWithConfirmation,
  confirmSome,
  forceSome,
  sicken,
  sicken,
  cure,
  setClock,
];

function someHost(world: World): Host | null {
  const running = world.hosts.filter(({ life }) => life !== null && !life.state.stopping);
  return running.length === 0 ? null : world.random.pick(running);
}

function rollBack(world: World): void {
  const host = someHost(world);
  if (host === null) return;
  const { list } = host.life!.state.releases.kept;
  const number = list.length > 1 && chance(world, 600) ? world.random.pick([...list]).number : null;
  const order = rollbackOrder(world, host, number);
  if (order === null) return;
  world.orders++;
  orderHost(world, host, order);
}

function beginHold(world: World): void {
  const host = someHost(world);
  if (host === null) return;
  const since = clockOf(world, host);
  const until = since + 1 + world.random.below(60_000);
  orderHost(world, host, { kind: "hold", hold: { until, since, author: "ada", reason: "busy" } });
}

function endSomeHold(world: World): void {
  const host = someHost(world);
  if (host !== null) orderHost(world, host, { kind: "release-hold", author: "ada" });
}

function reloadWithConfirmation(world: World): void {
  const host = someHost(world);
  if (host === null) return;
  const confirmMilliseconds = 1_000 + world.random.below(30_000);
  const terms = { author: "ada", reason: null, confirmMilliseconds };
  orderHost(world, host, { kind: "terms", terms });
  hintHost(world, host, "admin");
}

function confirmSome(world: World): void {
  const host = someHost(world);
  if (host !== null) orderHost(world, host, { kind: "confirm", author: "ada" });
}

/** Most often a host that does not run its file. */
function forceSome(world: World): void {
  const held = world.hosts.filter(({ life }) => life?.state.releases.held != null);
  const host = held.length > 0 && chance(world, 700) ? world.random.pick(held) : someHost(world);
  if (host === null) return;
  world.forced++;
  world.trace(`${host.name} is forced`);
  hintHost(world, host, "force");
}

function sicken(world: World): void {
  const content = world.random.pick(["a", "b", "c", "d"]);
  world.sick.add(content);
  world.trace(`no server works with ${content}`);
}

function cure(world: World): void {
  world.sick.clear();
  world.trace("all servers work");
}

/** By seconds to days, back or forward. */
function setClock(world: World): void {
  const host = world.random.pick(world.hosts);
  const milliseconds = world.random.pick([-1, 1]) * world.random.pick([20_000, 3_600_000, 90_000_000]);
  host.skew += milliseconds;
  world.trace(`the clock of ${host.name} is set by ${milliseconds} ms`);
}

/** Ends all waits for a time: no hold and no confirmation is left. */
export function endOrders(world: World): void {
  for (const host of world.hosts) {
    orderHost(world, host, { kind: "confirm", author: "ada" });
    orderHost(world, host, { kind: "release-hold", author: "ada" });
  }
}
