import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { eventfulness, isFleeting, isMountPoint, mountOf, parseMounts } from "../../src/host/mounts.ts";

const TABLE = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
40 27 0:35 / /srv/config rw,relatime shared:7 master:2 - nfs4 filer:/export rw,vers=4.2
41 27 0:36 / /var/lib/with\\040space rw - fuse.sshfs me@host: rw
42 27 0:37 / /var/lib/honua-configd ro,nosuid - ext4 /dev/vdb rw
43 27 0:38 / /run rw - tmpfs tmpfs rw,size=10k
44 27 0:39 / /media/dvd rw - iso9660 /dev/sr0 ro
45 27 0:40 / /merged rw - overlay overlay rw,lowerdir=/a
46 27 0:41 / /srv/config rw - xfs /dev/vdc rw
no line of the table
`;

const MOUNTS = parseMounts(TABLE);

Deno.test("a path is on the mount that is nearest above it, and of several at one point on the last", () => {
  const typeOf = (path: string) => mountOf(MOUNTS, path)?.type;
  assertEquals(typeOf("/etc/honua/config.hcl"), "ext4");
  assertEquals(typeOf("/srv/configuration/x"), "ext4");
  assertEquals(typeOf("/srv/config/x"), "xfs");
  assertEquals(typeOf("/var/lib/with space/deep/x"), "fuse.sshfs");
  assertEquals(typeOf("/"), "ext4");
  assertEquals(mountOf([], "/x"), null);
});

Deno.test("a mount is read-only by its own options or by those of its file system", () => {
  const isReadOnly = (path: string) => mountOf(MOUNTS, path)?.readOnly;
  assertEquals(["/var/lib/honua-configd/x", "/media/dvd/x", "/run/x"].map(isReadOnly), [true, true, false]);
});

Deno.test("the events of a file system are known by its type", () => {
  const events = (type: string) => eventfulness({ point: "/", type, readOnly: false });
  for (const type of ["nfs", "nfs4", "cifs", "9p", "fuse.glusterfs", "ceph"]) assertEquals(events(type), "own", type);
  for (const type of ["ext4", "xfs", "btrfs", "tmpfs", "fuseblk", "zfs"]) assertEquals(events(type), "all", type);
  assertEquals(events("overlay"), "layered");
  assertEquals(isFleeting({ point: "/", type: "tmpfs", readOnly: false }), true);
});

Deno.test("only its own path makes a mount point", () => {
  assertEquals(isMountPoint(MOUNTS, "/srv/config"), true);
  assertEquals(isMountPoint(MOUNTS, "/srv"), false);
});

Deno.test("a table of any text is read, and leaves a path with a mount of the table or none", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (text, path) => {
    const mounts = parseMounts(text);
    const mount = mountOf(mounts, `/${path}`);
    assertEquals(mount === null || mounts.includes(mount), true);
  }));
});
