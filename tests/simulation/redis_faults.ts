// Redis stops, and starts again with all that it had, without its last writes, or empty.
import { tellHost } from "./host.ts";
import { changeLink, text } from "./network.ts";
import { loseWrites } from "./redis_model.ts";
import type { World } from "./world.ts";

export function stopRedis(world: World): void {
  world.redisUp = false;
  world.redisStoppedAt = world.time.now();
  changed(world);
}

/** `lost`: how many of its last writes it starts without. */
export function startRedis(world: World, lost: number): void {
  world.redisUp = true;
  if (lost > 0) loseWrites(world.redis, lost, world.time.now());
  changed(world);
}

function changed(world: World): void {
  world.trace(`redis is ${world.redisUp ? "up" : "down"}, ${text(world.redis.head)}`);
  for (const host of world.hosts) changeLink(world, host, tellHost(world));
}
