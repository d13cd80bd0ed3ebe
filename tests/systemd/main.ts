// `deno task test:systemd`: the service on machines whose first process is systemd. Needs root, systemd-nspawn and, the
// first time, debootstrap with a Debian mirror; if it cannot run, it says why, and that is no failure.
//   --filter TEXT   only the scenarios whose names have it
import { basename, join } from "node:path";
import { Command } from "commander";
import { missing, type Need } from "../../scripts/test_setup.ts";
import { debianRoot, unpackRoot } from "./debian_root.ts";
import { layDelivery } from "./delivery.ts";
import { bootMachine } from "./machine.ts";
import { DELIVERY_VARIABLE, ROOT_VARIABLE } from "./scenario.ts";

const CHECKOUT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** The files with scenarios, in the order in which they are played. */
const SCENARIOS = ["service", "hardening", "instance", "hook", "server", "installation", "package"];

/** The programs that make and run a machine; debootstrap is needed if there is no root yet. */
const NEEDS: readonly Need[] = [
  { program: "systemd-nspawn", debianPackage: "systemd-container" },
  { program: "unshare", debianPackage: "util-linux" },
  { program: "nsenter", debianPackage: "util-linux" },
  { program: "setpriv", debianPackage: "util-linux" },
  { program: "dpkg-deb", debianPackage: "dpkg" },
];

/** Ends a run in which nothing could be played. */
function skip(reason: string): number {
  console.log(`test:systemd: no machine can be booted here: ${reason}`);
  console.log(`ok | 0 passed | 0 failed | ${SCENARIOS.length} ignored`);
  return 0;
}

/** Why this host is out of the question, before anything is made; null: it is not. */
async function obstacle(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "it takes root on Linux";
  const [lacking] = await missing(NEEDS, Deno.env.get("PATH") ?? "");
  return lacking ? `${lacking.program} is not installed (Debian's package ${lacking.debianPackage})` : null;
}

/** One boot tells whether this host lets a machine be; a container without privileges does not. */
async function troubleWithBooting(root: string): Promise<string | null> {
  try {
    await using machine = await bootMachine(root);
    await machine.run("true");
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.cause}` : String(error);
  }
}

async function play(work: string, tarball: string, filter: string | undefined): Promise<number> {
  const [root, delivery] = [join(work, "root"), join(work, "delivery")];
  for (const directory of [root, delivery]) await Deno.mkdir(directory);
  await unpackRoot(tarball, root);
  const trouble = await troubleWithBooting(root) ?? await layDelivery(delivery);
  if (trouble !== null) return skip(trouble);
  console.log(`test:systemd: machines from ${basename(tarball)}`);
  const files = SCENARIOS.map((name) => join(CHECKOUT, `tests/systemd/${name}_scenarios.ts`));
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...(filter === undefined ? [] : ["--filter", filter]), ...files],
    cwd: CHECKOUT,
    env: { [ROOT_VARIABLE]: root, [DELIVERY_VARIABLE]: delivery },
  }).spawn().status;
  return code;
}

async function main(): Promise<number> {
  const { filter } = new Command("test:systemd")
    .option("--filter <text>", "only the scenarios whose names have it")
    .parse([...Deno.args], { from: "user" })
    .opts<{ filter?: string }>();
  const reason = await obstacle();
  if (reason !== null) return skip(reason);
  const debian = await debianRoot();
  if (!debian.ok) return skip(debian.reason);
  const work = await Deno.makeTempDir({ prefix: "honua-configd-systemd-" });
  try {
    return await play(work, debian.tarball, filter);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

Deno.exitCode = await main();
