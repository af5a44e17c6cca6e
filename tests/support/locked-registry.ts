import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './process.ts';

type Names = Readonly<Record<string, string>>;
interface Locked {
  readonly resolution: { readonly integrity?: string };
  readonly peerDependencies?: Names;
  readonly [field: string]: unknown;
}
interface Snapshot {
  readonly dependencies?: Names;
  readonly optionalDependencies?: Names;
}
interface Lockfile {
  readonly packages: Readonly<Record<string, Locked>>;
  readonly snapshots: Readonly<Record<string, Snapshot>>;
}
/** What a registry tells about one package. */
interface Package {
  readonly name: string;
  readonly 'dist-tags': { latest: string };
  readonly versions: Record<string, object>;
}

/** What stands in parentheses behind a version are the peers that it was resolved with. */
const withoutPeers = (id: string): string => id.replace(/\(.*$/, '');
/** Names with exact versions; peers, which a lockfile lists among them, are not dependencies. */
const exact = (names: Names | undefined, peers: Names | undefined): Names =>
  Object.fromEntries(
    Object.entries(names ?? {})
      .filter(([name]) => peers?.[name] === undefined)
      .map(([name, version]) => {
        const plain = withoutPeers(version);
        return [name, /^\d/.test(plain) ? plain : `npm:${plain}`];
      }),
  );
const later = (a: string, b: string): boolean => a.localeCompare(b, 'en', { numeric: true }) > 0;

/** Every package of the lockfile as a registry describes it. */
const packagesOf = ({ packages, snapshots }: Lockfile, url: string): ReadonlyMap<string, Package> => {
  const found = new Map<string, Package>();
  const needs = new Map(Object.entries(snapshots).map(([id, snapshot]) => [withoutPeers(id), snapshot]));
  for (const [id, { resolution, ...fields }] of Object.entries(packages)) {
    const at = id.lastIndexOf('@');
    const [name, version] = [id.slice(0, at), id.slice(at + 1)];
    const { dependencies, optionalDependencies } = needs.get(id) ?? {};
    const known = found.get(name) ?? { name, 'dist-tags': { latest: version }, versions: {} };
    if (later(version, known['dist-tags'].latest)) known['dist-tags'].latest = version;
    known.versions[version] = {
      ...fields,
      name,
      version,
      dependencies: exact(dependencies, fields.peerDependencies),
      optionalDependencies: exact(optionalDependencies, fields.peerDependencies),
      dist: { integrity: resolution.integrity, tarball: `${url}/-/${encodeURIComponent(id)}.tgz` },
    };
    found.set(name, known);
  }
  return found;
};

/** A registry on loopback that knows the versions of the workspace's lockfile and no others; their files lie in the package manager's store already. */
export interface LockedRegistry {
  readonly url: string;
  close(): void;
}
export const lockedRegistry = async (): Promise<LockedRegistry> => {
  const lockfile = parse(readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8')) as Lockfile;
  let packages: ReadonlyMap<string, Package> = new Map();
  const server = createServer((request, response) => {
    const found = packages.get(decodeURIComponent(request.url ?? '').slice(1));
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { error: 'not in the lockfile' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  packages = packagesOf(lockfile, url);
  return {
    url,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
