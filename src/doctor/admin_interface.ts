// The admin interface as the daemon opens it: the daemon's own functions judge the settings, so that no refusal of a
// start is missing here.
import { readTcpSettings } from "../admin/tcp_listener.ts";
import { pairTrouble } from "../admin/tls_listener.ts";
import { socketPathTrouble } from "../admin/unix_socket.ts";
import { accessSection } from "./access.ts";
import { section, type Subject } from "./examination.ts";
import { error, ok } from "./finding.ts";
import { credentialIn } from "./unit.ts";

/** Null: no TCP is wanted. */
async function readListener({ options: { admin }, credentialDirectories, machine }: Subject) {
  const { listen, tokenFile: named, tls } = admin;
  if (listen === null) return null;
  const tokenFile = named && (await credentialIn(credentialDirectories, named, machine) ?? named);
  const ready = await readTcpSettings({ listen, tokenFile, tls, onTrouble: () => {} });
  if (!ready.ok) return ready.message;
  return ready.pair && await pairTrouble(ready.pair);
}

export const listener = section("The admin interface on TCP", readListener, {
  "admin/listener": (trouble, { options: { admin: { listen } } }) => {
    if (listen === null) return null;
    if (trouble === null) return ok(`Admin:Listen ${listen} has all that it needs`);
    // The permissions of the files tell why one cannot be read.
    return !/ENOENT|EACCES/.test(trouble) && error(trouble, "Mend it before the daemon is started again");
  },
});

export const certificate = accessSection("admin/listener", "The admin certificate", ({ options: { admin } }) => {
  const { listen, tls: { certificateFile: path } } = admin;
  return listen === null || path === null ? [] : [{ path, namedBy: "Admin:Tls:CertificateFile", deed: "read" }];
});

export const socket = section("The admin socket", async ({ options: { admin } }: Subject) => {
  return admin.socket === null ? null : await socketPathTrouble(admin.socket);
}, {
  "admin/socket": (trouble) => trouble !== null && error(trouble, "Mend it before the daemon is started again"),
});
