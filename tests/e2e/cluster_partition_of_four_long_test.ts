// A network that really comes apart: hosts in their own namespaces, whose cables are pulled. Both sides go on, every
// edit is activated on its own side, and all agree when the network is whole again.
import { assertEquals } from "@std/assert";
import { reloadBySignal } from "../support/cluster_instance.ts";
import { namespaceObstacle } from "../support/network_namespace.ts";
import { activationsOf, openPartitionedHosts } from "../support/partitioned_hosts.ts";

const NO_NETWORK = await namespaceObstacle();
if (NO_NETWORK !== null) console.log(`no partition is tested here: ${NO_NETWORK}`);

Deno.test({
  name: "when the cables of two of four hosts are pulled, both sides go on, and all agree after they are put in again",
  ignore: NO_NETWORK !== null,
  async fn() {
    await using setting = await openPartitionedHosts();
    const { editor, near, far, all, farHosts } = setting;
    await setting.agree(1);
    await Promise.all(farHosts.map((host) => host.cut()));
    await editor.edit("second");
    // The instances that hear of it: by the file on both sides, and over Redis on the near one.
    await Promise.all([...near, far[0]!].map((one) => one.runs("second")));
    await Promise.all(near.map((one) => one.agrees(2)));
    for (const one of far) await one.shows("a lost link", (status) => status.redis.state === "down");
    await reloadBySignal(far[1]!);
    await far[1]!.runs("second");
    await editor.edit("third");
    await Promise.all([...near, far[0]!].map((one) => one.runs("third")));
    await Promise.all(near.map((one) => one.agrees(3)));
    const cut = await far[1]!.status();
    assertEquals([cut.generation, cut.announcementOwed, cut.redis.state], [null, true, "down"]);
    await Promise.all(farHosts.map((host) => host.mend()));
    await setting.agree(3);
    await Promise.all(all.map((one) => one.runs("third")));
    await editor.edit("fourth");
    await Promise.all(all.map((one) => one.runs("fourth")));
    await setting.agree(4);
    for (const one of near) assertEquals(one.entriesOf("Redis connection failed"), []);
    for (const one of far) assertEquals(one.entriesOf("Redis connection failed").length, 1);
    // Once for each content, and none left out if the host could know of it.
    for (const one of all) assertEquals(activationsOf(one), 4, one.name);
  },
});
