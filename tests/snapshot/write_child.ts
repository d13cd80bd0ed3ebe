// A process that replaces a file once and prints how that ended: "ok", or the step and the errno.
import { atomicWrite, AtomicWriteError } from "../../src/host/atomic_write.ts";

const [path, umask] = Deno.args;
if (umask !== undefined) Deno.umask(parseInt(umask, 8));
try {
  await atomicWrite(path!, new TextEncoder().encode("new\n"), { mode: 0o664 });
  console.log("ok");
} catch (error) {
  if (!(error instanceof AtomicWriteError)) throw error;
  console.log(`${error.step} ${error.code}`);
}
