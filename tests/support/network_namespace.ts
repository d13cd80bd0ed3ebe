// Hosts as network namespaces on one bridge, so that a test can pull cables and impair lines. It needs root and Linux.
// Disposing of a network removes all of it; the next test removes the leftovers of a killed one.

/** A host in the network. */
export interface NetworkHost {
  /** IPv4. */
  readonly address: string;
  /** The program and arguments that start another program there: nsenter(1), whose process becomes that program. */
  readonly wrapper: readonly string[];
  /** Pulls the cable at its far end: the host only notices that no data comes. */
  cut(): Promise<void>;
  /** Plugs the cable in again. */
  mend(): Promise<void>;
  /** Impairs both directions of the line; null: no more. */
  spoil(line: SpoiltLine | null): Promise<void>;
}

/** An impairment by tc(8), for each direction. */
export interface SpoiltLine {
  /** `netem`, which needs the kernel's sch_netem, or `tbf`, which can only slow down. */
  readonly kind: "netem" | "tbf";
  readonly parameters: readonly string[];
}

/** Hosts on one bridge. */
export interface NamespaceNetwork extends AsyncDisposable {
  readonly hosts: readonly NetworkHost[];
}

const PREFIX = "honua-configd-";

/** Why this machine can have no such network, in one line; null: it can. */
export async function namespaceObstacle(): Promise<string | null> {
  return await obstacleTo(async () => {
    await using network = await openNamespaceNetwork(1);
    await runIn(network.hosts[0]!);
  });
}

/** Why this machine cannot impair a line in this way, in one line; null: it can. */
export async function spoilingObstacle(line: SpoiltLine): Promise<string | null> {
  return await obstacleTo(async () => {
    await using network = await openNamespaceNetwork(1);
    await network.hosts[0]!.spoil(line);
  });
}

async function runIn({ wrapper }: NetworkHost): Promise<void> {
  const [program, ...args] = wrapper;
  await command(program!, [...args, "true"]);
}

async function obstacleTo(attempt: () => Promise<void>): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Makes a network of `count` hosts from 10.213.0.1 on. The bridge has its own namespace and leaves the machine's
 * unchanged.
 */
export async function openNamespaceNetwork(count: number): Promise<NamespaceNetwork> {
  await removeLeftovers();
  // Files of tests that run side by side are of one process.
  const name = `${PREFIX}${Deno.pid}-${crypto.getRandomValues(new Uint8Array(4)).toHex()}`;
  const hub = `${name}-hub`;
  const names = Array.from({ length: count }, (_, at) => `${name}-${at + 1}`);
  const remove = async () => {
    const existing = await namespaceNames();
    for (const one of [...names, hub].filter((each) => existing.includes(each))) await ip("netns", "delete", one);
  };
  try {
    await ip("netns", "add", hub);
    await ip("-n", hub, "link", "add", "bridge", "type", "bridge");
    await ip("-n", hub, "link", "set", "bridge", "up");
    const hosts: NetworkHost[] = [];
    for (const [at, one] of names.entries()) hosts.push(await addHost(hub, one, at + 1));
    return { hosts, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function addHost(hub: string, name: string, number: number): Promise<NetworkHost> {
  const port = `port${number}`;
  const address = `10.213.0.${number}`;
  await ip("netns", "add", name);
  await ip("-n", name, "link", "set", "lo", "up");
  await ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name);
  await ip("-n", hub, "link", "set", port, "master", "bridge", "up");
  await ip("-n", name, "address", "add", `${address}/24`, "dev", "eth0");
  await ip("-n", name, "link", "set", "eth0", "up");
  const ends = [[hub, port], [name, "eth0"]] as const;
  const setPort = async (state: string) => void await ip("-n", hub, "link", "set", port, state);
  return {
    address,
    wrapper: ["nsenter", `--net=/run/netns/${name}`, "--"],
    cut: () => setPort("down"),
    mend: () => setPort("up"),
    async spoil(line) {
      for (const [namespace, device] of ends) {
        const discipline = ["-n", namespace, "qdisc", line === null ? "delete" : "replace", "dev", device, "root"];
        await command("tc", [...discipline, ...(line === null ? [] : [line.kind, ...line.parameters])]);
      }
    },
  };
}

async function removeLeftovers(): Promise<void> {
  for (const name of await namespaceNames()) {
    const pid = /-(\d+)-\w+-\w+$/.exec(name)?.[1];
    if (!name.startsWith(PREFIX) || pid === undefined) continue;
    const isAlive = await Deno.stat(`/proc/${pid}`).then(() => true, () => false);
    if (!isAlive) await ip("netns", "delete", name).catch(() => {});
  }
}

async function namespaceNames(): Promise<string[]> {
  return (await ip("netns", "list")).split("\n").map((line) => line.split(" ")[0]!);
}

function ip(...args: string[]): Promise<string> {
  return command("ip", args);
}

async function command(program: string, args: readonly string[]): Promise<string> {
  const started = new Deno.Command(program, { args: [...args], stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await started.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (success) return decode(stdout);
  throw new Error(`${program} ${args.join(" ")}: ${decode(stderr).replaceAll("\n", "; ")}`);
}
