// A test on its own machine, which has the release to install as /delivery; if it fails, the machine's journal is
// part of the message.
import { bootMachine, type Machine } from "./machine.ts";

/** Variables with the preparations of `main.ts` for the scenarios: the unpacked root and the delivery's directory. */
export const ROOT_VARIABLE = "HONUA_SYSTEMD_ROOT";
/** See `ROOT_VARIABLE`. */
export const DELIVERY_VARIABLE = "HONUA_SYSTEMD_DELIVERY";

/** Registers a test that is given a machine which has just booted. */
export function scenario(name: string, play: (machine: Machine) => Promise<void>): void {
  const root = Deno.env.get(ROOT_VARIABLE);
  const delivery = Deno.env.get(DELIVERY_VARIABLE);
  if (!root || !delivery) throw new Error("run the scenarios by `deno task test:systemd`, which makes their machines");
  Deno.test(name, async () => {
    await using machine = await bootMachine(root, { shared: { "/delivery": delivery } });
    try {
      await play(machine);
    } catch (error) {
      const { stdout } = await machine.attempt("journalctl", "--no-pager", "--lines=60", "--output=short-monotonic");
      throw new Error(`the machine's journal ends so:\n${stdout}`, { cause: error });
    }
  });
}
