// The admin interface as the daemon opens it, by the daemon's own functions, so that no refusal of a start is missing
// here; and what the daemon says of its open addresses.
import { readTcpSettings } from "../admin/tcp_listener.ts";
import { pairTrouble } from "../admin/tls_listener.ts";
import { accessSection } from "./access.ts";
import { section, type Subject, type Within } from "./examination.ts";
import { error, ok } from "./finding.ts";
import { ANSWER_SHARE } from "./host.ts";
import { credentialIn } from "./unit.ts";

/** Why a daemon that starts now would not open its TCP address, in one line; null: nothing is known against it. */
async function tcpTrouble({ options: { admin }, credentialDirectories, machine }: Subject): Promise<string | null> {
  const { listen, tokenFile: named, tls } = admin;
  if (listen === null) return null;
  const tokenFile = named && (await credentialIn(credentialDirectories, named, machine) ?? named);
  const ready = await readTcpSettings({ listen, tokenFile, tls, onTrouble: () => {} });
  if (!ready.ok) return ready.message;
  return ready.pair && await pairTrouble(ready.pair);
}

async function readListeners(subject: Subject, { limitMilliseconds }: Within) {
  const { listen, socket } = subject.options.admin;
  const asking = socket === null ? null : subject.askStatus(limitMilliseconds * ANSWER_SHARE);
  const [trouble, answer] = await Promise.all([tcpTrouble(subject), asking]);
  return { listen, trouble, running: answer?.ok ? answer.listenerTroubles : [] };
}

export const listener = section("The admin interface", readListeners, {
  "admin/listener": ({ listen, trouble, running }) => {
    // The permissions of the files tell why one cannot be read.
    if (trouble !== null && !/ENOENT|EACCES/.test(trouble)) {
      return error(trouble, "Mend it before the daemon is started again");
    }
    if (running.length > 0) return running.map((one) => error(one, "The log says since when"));
    return listen !== null && trouble === null && ok(`Admin:Listen ${listen} has all that it needs`);
  },
});

export const certificate = accessSection("admin/listener", "The admin certificate", ({ options: { admin } }) => {
  const { listen, tls: { certificateFile: path } } = admin;
  return listen === null || path === null ? [] : [{ path, namedBy: "Admin:Tls:CertificateFile", deed: "read" }];
});
